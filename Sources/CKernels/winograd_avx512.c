#define LANES 16
/* The second attribute holds 512 bits even where the compiler is told to tune for a CPU on which it prefers 256. */
#define WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), min_vector_width(512)))
#define NAME(part) winograd_##part##_avx512
#include "winograd_lanes.h"
#define UPSAMPLED_PART upsampled_part_avx512
#define UPSAMPLED_BACK_PART upsampled_back_part_avx512
#include "upsampled_lanes.h"
