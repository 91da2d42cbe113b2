/* Upsampling and convolution in one, behind winograd_lanes.h, whose vectors and products it uses. */

/* 3 x 3 vectors around a tile's middle to the nine that products are taken of, `plane` floats apart. */
INLINE void spread_middle(const float *x, long row, long column, int edge, long low, float *v, long plane) {
    vec t[3][3];
    for (int j = 0; j < 3; j++) {
        vec d[3];
        for (int i = 0; i < 3; i++) {
            const long r = row + i - 1, c = column + j - 1;
            d[i] = LOAD(edge && (r < 0 || r >= low || c < 0 || c >= low) ? zeros : x + (r * low + c) * LANES);
        }
        t[0][j] = d[0] - d[1], t[1][j] = d[1], t[2][j] = d[2] - d[1];
    }
    for (int i = 0; i < 3; i++) {
        STORE(v + (i * 3 + 0) * plane, t[i][0] - t[i][1]);
        STORE(v + (i * 3 + 1) * plane, t[i][1]);
        STORE(v + (i * 3 + 2) * plane, t[i][2] - t[i][1]);
    }
}

/* 25 vectors to a tile of 4 x 4, added to what stands there. */
INLINE void gather_middle(const float *m, long plane, float *y, long row, long column, int edge, long big, vec floor) {
    static const int other[4] = {0, 1, 3, 4};
    vec t[4][SUMS];
    for (int j = 0; j < SUMS; j++) {
        const vec s = LOAD(m + (2 * SUMS + j) * plane);
        for (int i = 0; i < 4; i++) t[i][j] = LOAD(m + (other[i] * SUMS + j) * plane) + s;
    }
    for (int i = 0; i < 4; i++) {
        const long r = row + i;
        if (edge && (r < 0 || r >= big)) continue;
        for (int j = 0; j < 4; j++) {
            const long c = column + j;
            if (edge && (c < 0 || c >= big)) continue;
            float *o = y + (r * big + c) * LANES;
            STORE(o, MAX(LOAD(o) + (t[i][other[j]] + t[i][2]), floor));
        }
    }
}

WIDE void UPSAMPLED_PART(void *data) {
    static const int from_[SUMS] = {0, 0, 1, 2, 2};
    const struct upsampled *a = data;
    const long low = a->low, big = 2 * low, across = low / 2 + 1, image = across * across, all = a->images * image, part = a->oc / a->parts;
    const long vplane = winograd_padded(a->share * a->c), mplane = winograd_padded(a->share * part);
    const vec floor = a->rectify ? 0.0f : -__builtin_inff();
    SHARE(a->units);
    float *v = a->scratch + thread_ * (9 * vplane + PRODUCTS * mplane), *m = v + 9 * vplane;
    long done = -1;
    for (long unit = from; unit < to; unit++) {
        const long first = unit / a->parts * a->share, tiles = all - first < a->share ? all - first : a->share, o = unit % a->parts * part;
        if (done != first) {
            for (long k = 0; k < a->c / LANES; k++)
                for (long t = 0; t < tiles; t++) {
                    const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across;
                    const float *x = a->x + (n * (a->c / LANES) + k) * low * low * LANES;
                    if (ty == 0 || tx == 0 || ty == across - 1 || tx == across - 1) spread_middle(x, 2 * ty, 2 * tx, 1, low, v + t * a->c + k * LANES, vplane);
                    else spread_middle(x, 2 * ty, 2 * tx, 0, low, v + t * a->c + k * LANES, vplane);
                }
            done = first;
        }
        for (int p = 0; p < PRODUCTS; p++)
            for (long q = 0; q < part; q += 2 * LANES) {
                const float *w = v + (from_[p / SUMS] * 3 + from_[p % SUMS]) * vplane, *u = a->u + (p * a->oc + o + q) * a->c;
                if (LANES == 8 || part - q > LANES) products(w, u, m + p * mplane + q, tiles, a->c, part, 2);
                else products(w, u, m + p * mplane + q, tiles, a->c, part, 1);
            }
        for (long q = 0; q < part / LANES; q++)
            for (long t = 0; t < tiles; t++) {
                const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across;
                float *y = a->y + (n * (a->oc / LANES) + o / LANES + q) * big * big * LANES;
                const float *products_ = m + t * part + q * LANES;
                if (ty == 0 || tx == 0 || ty == across - 1 || tx == across - 1) gather_middle(products_, mplane, y, 4 * ty - 1, 4 * tx - 1, 1, big, floor);
                else gather_middle(products_, mplane, y, 4 * ty - 1, 4 * tx - 1, 0, big, floor);
            }
    }
}
