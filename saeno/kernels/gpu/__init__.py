"""The kernels in Triton, each under the name of the plain functions that it has to equal.

They are imported where they are called, so that `import saeno` needs no Triton. All of them read float32, bfloat16 or
float16 with any strides, compute in float32, and write what is asked for; sizes may be any. With `TRITON_INTERPRET=1`
in the environment before Triton is imported, they run on the CPU, one program after the other: so they are tested.
"""
