#define LANES 8
#define WIDE AVX2
#define NAME(part) winograd_##part##_avx2
#include "winograd_lanes.h"
#define UPSAMPLED_PART upsampled_part_avx2
#define UPSAMPLED_BACK_PART upsampled_back_part_avx2
#include "upsampled_lanes.h"
