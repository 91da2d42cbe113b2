#define LANES 8
#define WIDE AVX2
#define NAME(part) winograd_##part##_avx2
#include "winograd_lanes.h"
