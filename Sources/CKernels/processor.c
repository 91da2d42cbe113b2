#include "kernels.h"

const char *kernels_missing(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2"))
        return "AVX2";
    if (!__builtin_cpu_supports("fma"))
        return "FMA";
    if (!__builtin_cpu_supports("bmi2"))
        return "BMI2";
    return 0;
}
