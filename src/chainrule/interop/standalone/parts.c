/* The larger of two numbers. */
static inline float NAME_max(float a, float b) { return a > b ? a : b; }

/* The smaller of two numbers. */
static inline float NAME_min(float a, float b) { return a < b ? a : b; }

/* 1, 0 or -1. */
static inline float NAME_sign(float x) { return (float)((x > 0) - (x < 0)); }

/* x x. */
static inline float NAME_square(float x) { return x * x; }

/* 1 / (1 + e^-x), which cannot overflow this way. */
static inline float NAME_sigmoid(float x) { return 0.5f + 0.5f * tanhf(0.5f * x); }

/* ln(1 + e^x), which cannot overflow this way. */
static inline float NAME_softplus(float x) { return NAME_max(x, 0) + log1pf(expf(-fabsf(x))); }

/* y = x W + b for one row. W lies in panels of 32 outputs, then of 8, then of what is left, each
   with one run of weights per input: a panel's sums stay in registers and the weights are read
   once, in order. */
static void NAME_dense(int n, int units, const float *restrict x, const float *restrict W,
                       const float *restrict b, float *restrict y) {
    int k = 0;
    for (; k + 32 <= units; k += 32) {
        float s[32];
        for (int l = 0; l < 32; l++) s[l] = b[k + l];
        for (int j = 0; j < n; j++, W += 32)
            for (int l = 0; l < 32; l++) s[l] += x[j] * W[l];
        for (int l = 0; l < 32; l++) y[k + l] = s[l];
    }
    for (; k + 8 <= units; k += 8) {
        float s[8];
        for (int l = 0; l < 8; l++) s[l] = b[k + l];
        for (int j = 0; j < n; j++, W += 8)
            for (int l = 0; l < 8; l++) s[l] += x[j] * W[l];
        for (int l = 0; l < 8; l++) y[k + l] = s[l];
    }
    const int rest = units - k;
    for (int l = 0; l < rest; l++) {
        float s = b[k + l];
        for (int j = 0; j < n; j++) s += x[j] * W[j * rest + l];
        y[k + l] = s;
    }
}

/* The window of an image (h, w, c) that begins at (top, left), as one row; zeros lie around it. */
static void NAME_window(int h, int w, int c, int kh, int kw, int top, int left, const float *x,
                        float *row) {
    for (int i = top; i < top + kh; i++)
        for (int j = left; j < left + kw; j++, row += c) {
            if (i < 0 || i >= h || j < 0 || j >= w)
                memset(row, 0, c * sizeof *row);
            else
                memcpy(row, x + (i * w + j) * c, c * sizeof *row);
        }
}

/* A dense layer on every window of an image (h, w, c); `row` has room for one window. */
static void NAME_convolution(int h, int w, int c, int filters, int kh, int kw, int sh, int sw,
                             int ph, int pw, int rows, int columns, const float *x, const float *W,
                             const float *b, float *row, float *y) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++, y += filters) {
            NAME_window(h, w, c, kh, kw, i * sh - ph, j * sw - pw, x, row);
            NAME_dense(kh * kw * c, filters, row, W, b, y);
        }
}

/* The largest entry of every window, in each channel. */
static void NAME_max_pool(int h, int w, int c, int kh, int kw, int sh, int sw, int ph, int pw,
                          int rows, int columns, const float *x, float *y) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++, y += c) {
            for (int l = 0; l < c; l++) y[l] = -INFINITY;
            for (int p = i * sh - ph; p < i * sh - ph + kh; p++)
                for (int q = j * sw - pw; q < j * sw - pw + kw; q++) {
                    if (p < 0 || p >= h || q < 0 || q >= w) continue;
                    for (int l = 0; l < c; l++) y[l] = NAME_max(x[(p * w + q) * c + l], y[l]);
                }
        }
}

/* The mean of every window, in each channel; what lies around the image counts as 0. */
static void NAME_average_pool(int h, int w, int c, int kh, int kw, int sh, int sw, int ph, int pw,
                              int rows, int columns, const float *x, float *y) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++, y += c) {
            for (int l = 0; l < c; l++) y[l] = 0;
            for (int p = i * sh - ph; p < i * sh - ph + kh; p++)
                for (int q = j * sw - pw; q < j * sw - pw + kw; q++) {
                    if (p < 0 || p >= h || q < 0 || q >= w) continue;
                    for (int l = 0; l < c; l++) y[l] += x[(p * w + q) * c + l];
                }
            for (int l = 0; l < c; l++) y[l] /= kh * kw;
        }
}

/* The mean of each channel over all places. */
static void NAME_global_average_pool(int places, int c, const float *x, float *y) {
    for (int l = 0; l < c; l++) y[l] = 0;
    for (int i = 0; i < places; i++)
        for (int l = 0; l < c; l++) y[l] += x[i * c + l];
    for (int l = 0; l < c; l++) y[l] /= places;
}

/* The features at each place brought to mean 0 and variance 1, then scaled and shifted. */
static void NAME_layer_norm(int places, int n, float eps, const float *x, const float *gamma,
                            const float *beta, float *y) {
    for (int i = 0; i < places; i++, x += n, y += n) {
        float mean = 0, variance = 0;
        for (int k = 0; k < n; k++) mean += x[k] / n;
        for (int k = 0; k < n; k++) variance += (x[k] - mean) * (x[k] - mean) / n;
        const float root = sqrtf(variance + eps);
        for (int k = 0; k < n; k++) y[k] = gamma[k] * ((x[k] - mean) / root) + beta[k];
    }
}

/* e^x / sum of e^x over the features at each place. */
static void NAME_softmax(int places, int n, const float *x, float *y) {
    for (int i = 0; i < places; i++, x += n, y += n) {
        float most = x[0], sum = 0;
        for (int k = 1; k < n; k++) most = NAME_max(most, x[k]);
        for (int k = 0; k < n; k++) sum += y[k] = expf(x[k] - most);
        for (int k = 0; k < n; k++) y[k] /= sum;
    }
}

/* x - ln of the sum of e^x over the features at each place. */
static void NAME_log_softmax(int places, int n, const float *x, float *y) {
    for (int i = 0; i < places; i++, x += n, y += n) {
        float most = x[0], sum = 0;
        for (int k = 1; k < n; k++) most = NAME_max(most, x[k]);
        for (int k = 0; k < n; k++) sum += expf(x[k] - most);
        for (int k = 0; k < n; k++) y[k] = x[k] - most - logf(sum);
    }
}

/* The row of W for each token. */
static void NAME_embedding(int n, int tokens, int units, const float *x, const float *W,
                           float *y) {
    for (int i = 0; i < n; i++, y += units) {
        const int token = (int)NAME_min(NAME_max(rintf(x[i]), 0), (float)(tokens - 1));
        memcpy(y, W + token * units, units * sizeof *y);
    }
}

/* A 1 where a column holds a known value, 0 elsewhere. */
static void NAME_one_hot(int columns, int categories, const float *x, const float *values,
                         const float *known, float *y) {
    for (int j = 0; j < columns; j++)
        for (int k = 0; k < categories; k++)
            y[j * categories + k] = k < known[j] && x[j] == values[j * categories + k];
}

/* Branches side by side along the features: n of them from x, at `offset` of `width` in y. */
static void NAME_beside(int places, int n, int width, int offset, const float *x, float *y) {
    for (int i = 0; i < places; i++) memcpy(y + i * width + offset, x + i * n, n * sizeof *y);
}
