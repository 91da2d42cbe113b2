#include "kernels.h"
#include <cpuid.h>
#include <string.h>

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

void kernels_processor(char name[49]) {
    memset(name, 0, 49);
    for (unsigned part = 0; part < 3; part++) {
        unsigned words[4];
        if (!__get_cpuid(0x80000002 + part, &words[0], &words[1], &words[2], &words[3]))
            return;
        memcpy(name + 16 * part, words, 16);
    }
}
