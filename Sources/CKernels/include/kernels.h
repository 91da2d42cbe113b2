/* Papilla's own kernels: what oneDNN has no call for, or none that is quick, run on oneDNN's own OpenMP threads.
 *
 * AVX2 and FMA; fp32 unless said otherwise. Maps are blocked as oneDNN's aBcd16b or aBcd8b: (N, C / block, H, W,
 * block). Sides are multiples of 4. Every kernel splits its work by thread number alone and sums in a fixed order, so
 * the same input and thread count give the same bits.
 */
#ifndef PAPILLA_KERNELS_H
#define PAPILLA_KERNELS_H
#include <stdint.h>

/* What this CPU lacks of x86-64-v3, for which all of this is made; NULL if nothing. */
const char *kernels_missing(void);

/* This CPU's name, as it gives it itself; empty if it gives none. */
void kernels_processor(char name[49]);

/* Threads of the pool. Set before the first parallel region; 0 leaves OpenMP's default. */
void kernels_set_threads(int threads);
int kernels_threads(void);

/* y += the nine low-resolution products p, each put where its tap of the 3x3 kernel falls after nearest upsampling by
 * f; then a rectifier if asked. p: (9 * oc / block, big / f, big / f, block), taps outermost, (ky, kx) row-major; y:
 * (oc / block, big, big, block). One image. */
void combine_f32(const float *p, float *y, long oc, long big, long f, long block, int rectify);
/* Its way back: the gradient of the nine products from the gradient g of y. */
void uncombine_f32(const float *g, float *p, long oc, long big, long f, long block);

/* y += the 3x3 convolution of x, upsampled to twice its side; then a rectifier if asked. x: (images, c / block, low,
 * low, block), low even; y: (images, oc / block, 2 low, 2 low, block). u: the kernels' sums, from
 * upsampled_kernels_f32. scratch: upsampled_scratch floats. oc is a multiple of 16, c of `block`; block 16 needs
 * AVX-512. */
void upsampled_f32(
    const float *x, float *y, const float *u, float *scratch, long images, long low, long c, long oc, int rectify,
    long block
);
long upsampled_scratch(long images, long low, long c, long oc, long block);
/* (25, oc / 16, c, 16) of w (oc, c, 3, 3); if `turned` as many numbers in the order of the way back. */
void upsampled_kernels_f32(const float *w, float *u, long c, long oc, int turned);
/* Its way back, from the gradient dy of y: dw is written, and dx, or added to if `add`. u: the kernels, turned. c and
 * oc are multiples of 16. */
void upsampled_back_f32(
    const float *x, const float *dy, const float *u, float *dx, float *dw, float *scratch, long images, long low,
    long c, long oc, int add, long block
);
long upsampled_back_scratch(long images, long low, long c, long oc);

/* combine_f32 for whole numbers, channels last: p (big / f, big / f, 9 * oc), taps outermost; y (big, big, oc) receives
 * the clamped, rounded sum times ratio / 4096, ratio 1 to 4096. One image. oc is a multiple of 16. */
void combine_s8(const int8_t *p, int8_t *y, long oc, long big, long f, int ratio);

/* The same in bf16, without a ratio: sums in fp32, rounded to the nearest, to even. */
void combine_bf16(const uint16_t *p, uint16_t *y, long oc, long big, long f);

/* 3x3 convolution of blocked maps (c / block, side, side, block) to `maps` plain maps (maps, side, side), 1 to 3 of
 * them: the heads. One image. w: (9 taps, c / block, maps, block). */
void heads_f32(const float *x, float *y, const float *w, const float *bias, long c, long side, long maps, long block);

/* The same on bytes, channels last: x (side, side, c), 0...255, c 16 or a multiple of 32; w: (9 taps, c / 32 rounded
 * up, maps, 32), -63...63, 0 where there is no channel. y = scales * (sum + bias), one of each for a map. */
void heads_u8(
    const uint8_t *x, float *y, const int8_t *w, const float *scales, const float *bias, long c, long side, long maps
);

/* 3x3 convolution at Winograd's F(4x4, 3x3): (images, c / block, side, side, block) to (images, oc / block, side, side,
 * block). Block 16 needs AVX-512 (F, BW, DQ, VL). Sides are multiples of 4, c of `block`, oc of 16. u: the kernels at
 * the 36 points, from winograd_kernels_f32. bias: oc values, or NULL. What stands in y is added to if `add`. A
 * rectifier follows if asked, and `pooled`, unless NULL, receives the maximum over f x f, f 2 or 4. scratch:
 * winograd_scratch floats. */
void winograd_f32(
    const float *x, float *y, const float *u, const float *bias, float *scratch, long images, long side, long c,
    long oc, int rectify, int add, float *pooled, long f, long block
);
long winograd_scratch(long images, long side, long c, long oc, long block);
/* The kernels at the 36 points, (36, oc / 16, c, 16). w: (oc, c, 3, 3); if `turned`, (c, oc, 3, 3) turned half round:
 * for the gradient of the source. */
void winograd_kernels_f32(const float *w, float *u, long c, long oc, int turned);
/* The gradients of the weights, dw (oc, c, 3, 3), and of the bias, oc values unless NULL. c is a multiple of 16.
 * scratch: winograd_gradient_scratch floats. */
void winograd_gradient_f32(
    const float *x, const float *dy, float *dw, float *bias, float *scratch, long images, long side, long c, long oc,
    long block
);
long winograd_gradient_scratch(long images, long side, long c, long oc, long block);

/* 3x3 convolution of bytes, channels last, at Winograd's F(2x2, 3x3): x (images, side, side, c), 0...255, to y (images,
 * side, side, oc), 0...255. Needs AVX-512 and VNNI. Sides are even, c a multiple of 32, oc of 16. A point of x becomes
 * round(its sum * ratio / 1024), clamped to -128...127, ratio 0 to 32767, one for each of the 16 points. u: kernels at
 * the points, (16, oc / 16, c / 4, 16, 4), aligned to 64. offsets: -128 times the sum over c of each. scales: what a
 * product of a point and a map is worth in y. y = max(0, the convolution + bias + old * what stands in y, read as
 * signed bytes), rounded to even. scratch: winograd_u8_scratch bytes, aligned to 64. */
void winograd_u8(
    const uint8_t *x, uint8_t *y, const int8_t *u, const int32_t *offsets, const float *scales, const float *bias,
    const int16_t *ratios, float old, void *scratch, long images, long side, long c, long oc
);
long winograd_u8_scratch(long images, long side, long c, long oc);
int winograd_u8_serves(void);

/* g = y > 0 ? g : 0, n values. */
void rectify_backward_f32(float *g, const float *y, long n);
/* a += b, n values. */
void add_f32(float *a, const float *b, long n);
/* The gradient of maximum pooling by f: dp goes to the first maximum of its window in x. dx is added to if
 * `accumulate`, else set. planes: N * C / block. */
void pool_backward_f32(
    const float *x, const float *dp, float *dx, long planes, long side, long f, long block, int accumulate
);

/* Batch normalisation. x, y, g: (images, c / block, plane, block). sums: (images, 2, c), in double, image by image, so
 * that those of several processes are one batch's when they stand in one row. scale_shift: (2, c). */
/* Sums of x and of its squares. */
void normalise_sums_f32(const float *x, double *sums, long images, long c, long plane, long block);
/* Mean and (biased) variance of each map from the sums of all images. */
void normalise_moments(const double *sums, long images, long c, long plane, float *mean, float *variance);
/* y = scale * (x - mean) / sqrt(variance + epsilon) + shift, held between floor and ceiling; or with `added` plus that
 * and not held. */
void normalise_f32(
    const float *x, const float *added, float *y, const float *scale_shift, const float *mean, const float *variance,
    long images, long c, long plane, long block, float epsilon, float floor, float ceiling
);
/* Its way back, in three steps. g, the gradient of y, becomes zero where y is held (y is read where there is a floor or
 * a ceiling); sums of g and of g * (x - mean). */
void normalise_slopes_f32(
    const float *x, const float *y, float *g, const float *mean, double *sums, long images, long c, long plane,
    long block, float floor, float ceiling
);
/* The gradients of scales and shifts from the sums of all images. */
void normalise_gradient(
    const double *sums, long images, long c, const float *variance, float epsilon, float *scale_shift_gradient
);
/* g becomes the gradient of x, in place; `all`: the images that the moments are of. Where those were given, they have
 * no slope. */
void normalise_backward_f32(
    const float *x, float *g, const float *scale_shift, const float *scale_shift_gradient, const float *mean,
    const float *variance, long all, long images, long c, long plane, long block, float epsilon, int given
);

/* A k x k kernel for each map by itself, k 3 or 5, stride 1 or 2: x (images, c / block, side, side, block) to y, whose
 * side is side / stride, rounded up. Padding is (k - stride) / 2 zeros before, the rest behind. w: (k * k, c). y is
 * held between floor and ceiling. bias: c values, or NULL. */
void depthwise_f32(
    const float *x, float *y, const float *w, const float *bias, long images, long c, long side, long k, long stride,
    long block, float floor, float ceiling
);
/* Its way back from the gradient g of y, bias and limits left out: dx is written, or added to if `add`. */
void depthwise_back_f32(
    const float *g, const float *w, float *dx, long images, long c, long side, long k, long stride, long block, int add
);
/* The gradient dw (k * k, c) of the kernels. sums: images * c * k * k for its own use. */
void depthwise_gradient_f32(
    const float *x, const float *g, float *dw, double *sums, long images, long c, long side, long k, long stride,
    long block
);

/* The same forward on bytes, channels last: x (images, side, side, c), 0...255, to y, 0...255, rounded to even; c a
 * multiple of 8. The kernels w (k * k, c) and bias are in fp32, in steps of y. */
void depthwise_u8(
    const uint8_t *x, uint8_t *y, const float *w, const float *bias, long images, long c, long side, long k, long stride
);

/* Twice the side, bilinear, pixels' corners aligned: x (planes, low, low, lanes) to y (planes, 2 low, 2 low, lanes). */
void double_f32(const float *x, float *y, long planes, long low, long lanes);
/* Its way back: dx is written. */
void double_back_f32(const float *g, float *dx, long planes, long low, long lanes);

/* Losses over `pixels` pixels (N * H * W), each with `stride` values of which the head's maps begin at `at`. The
 * gradient, scaled by `scale`, is written in the same places. Both return the sum of the loss over pixels. nll: softmax
 * cross-entropy of two maps against target 0 or 1; `sums`, unless NULL, receives sum(p t), sum(p), sum(t) for soft
 * Dice, p the probability of 1. */
double nll_f32(
    const float *logits, float *gradient, long pixels, long stride, long at, const uint8_t *target, float scale,
    double *sums
);
/* mse: (sigmoid - target)^2 of one map. */
double
mse_f32(const float *logits, float *gradient, long pixels, long stride, long at, const float *target, float scale);
/* Adds the gradient of soft Dice: dL/dp = a - b t, through the softmax of the two maps. */
void dice_backward_f32(
    const float *logits, float *gradient, long pixels, long stride, long at, const uint8_t *target, float a, float b
);

/* The sum of the squares of n values, in double. */
double squares_f32(const float *a, long n);
/* One step of Adam (Kingma and Ba 2015) by `scale` times the gradient, beta 0.9 and 0.999, epsilon 1e-8. c1 = 1 -
 * 0.9^t, c2 = 1 - 0.999^t. `decay` is the weights' own, apart from the gradient (Loshchilov and Hutter 2019): they
 * shrink by rate * decay of themselves. */
void adam_f32(
    float *w, float *m, float *v, const float *g, long n, float rate, float c1, float c2, float decay, float scale
);
/* a += share (w - a), n values: a running average. */
void average_f32(float *a, const float *w, long n, float share);
#endif
