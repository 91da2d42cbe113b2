#include "colour.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lcms2.h>
#include <lcms2_plugin.h>

// Real profiles have a few hundred bytes to two megabytes. A hostile one may ask for tables of any size.
enum { PROFILE_BYTES_LIMIT = 4 << 20, ALLOCATION_LIMIT = 24 << 20 };
// Levels of 255 by which a profile may differ from sRGB and still be taken for it: writers round, and nobody sees it.
enum { LIKENESS = 4 };

struct papilla_colour {
    cmsContext context;
    cmsHTRANSFORM transform;
};

static void *allocate(cmsContext context, cmsUInt32Number count) {
    (void)context;
    return count > ALLOCATION_LIMIT ? NULL : malloc(count);
}

static void release(cmsContext context, void *bytes) {
    (void)context;
    free(bytes);
}

static void *enlarge(cmsContext context, void *bytes, cmsUInt32Number count) {
    (void)context;
    return count > ALLOCATION_LIMIT ? NULL : realloc(bytes, count);
}

static void ignore_words(cmsContext context, cmsUInt32Number code, const char *words) {
    (void)context, (void)code, (void)words;
}

static cmsContext open_context(void) {
    static cmsPluginMemHandler memory = {
        .base = {.Magic = cmsPluginMagicNumber, .ExpectedVersion = 2000, .Type = cmsPluginMemHandlerSig},
        .MallocPtr = allocate,
        .FreePtr = release,
        .ReallocPtr = enlarge
    };
    cmsContext context = cmsCreateContext(&memory, NULL);
    if (context != NULL)
        cmsSetLogErrorHandlerTHR(context, ignore_words);
    return context;
}

void papilla_colour_note(papilla_image_details *details, const char *space, const char *problem) {
    snprintf(details->colour_space, sizeof details->colour_space, "%s", space);
    snprintf(details->colour_problem, sizeof details->colour_problem, "%s", problem == NULL ? "" : problem);
}

// What a profile calls itself, in printable ASCII.
static void take_name(cmsHPROFILE profile, papilla_image_details *details) {
    char name[PAPILLA_COLOUR_SPACE_SIZE] = "";
    cmsGetProfileInfoASCII(profile, cmsInfoDescription, "en", "US", name, sizeof name);
    name[sizeof name - 1] = 0;
    for (char *letter = name; *letter != 0; letter++)
        if (*letter < ' ' || *letter > '~')
            *letter = '?';
    papilla_colour_note(details, name[0] != 0 ? name : "unnamed profile", NULL);
}

static cmsUInt32Number format_of(papilla_pixels pixels, bool deep) {
    switch (pixels) {
    case PAPILLA_PIXELS_GREY:
        return deep ? TYPE_GRAY_16 : TYPE_GRAY_8;
    case PAPILLA_PIXELS_RGB:
        return deep ? TYPE_RGB_16 : TYPE_RGB_8;
    case PAPILLA_PIXELS_INKS:
        return TYPE_CMYK_8;
    default:
        return TYPE_CMYK_8_REV;
    }
}

static cmsColorSpaceSignature space_of(papilla_pixels pixels) {
    return pixels == PAPILLA_PIXELS_GREY  ? cmsSigGrayData
           : pixels == PAPILLA_PIXELS_RGB ? cmsSigRgbData
                                          : cmsSigCmykData;
}

// Whether colours (or greys) stay what they are, but for rounding.
static bool changes_nothing(cmsHTRANSFORM transform, papilla_pixels pixels) {
    uint8_t source[9 * 9 * 9 * 3], target[9 * 9 * 9 * 3];
    size_t count = 0, channels = pixels == PAPILLA_PIXELS_GREY ? 1 : 3;
    if (channels == 1) {
        for (; count < 256; count++)
            source[count] = (uint8_t)count;
    } else {
        for (unsigned r = 0; r < 256; r += 31)
            for (unsigned g = 0; g < 256; g += 31)
                for (unsigned b = 0; b < 256; b += 31, count++) {
                    source[3 * count] = (uint8_t)r;
                    source[3 * count + 1] = (uint8_t)g;
                    source[3 * count + 2] = (uint8_t)b;
                }
    }
    cmsDoTransform(transform, source, target, (cmsUInt32Number)count);
    for (size_t index = 0; index < 3 * count; index++)
        if (abs(target[index] - source[channels == 1 ? index / 3 : index]) > LIKENESS)
            return false;
    return true;
}

// Takes the profile over. NULL, with a word in `details`, where nothing is to be done or nothing can be.
static papilla_colour *
open_colour(cmsContext context, cmsHPROFILE profile, papilla_pixels pixels, bool deep, papilla_image_details *details) {
    papilla_colour *colour = NULL;
    cmsHPROFILE standard = cmsCreate_sRGBProfileTHR(context);
    cmsUInt32Number plain = cmsFLAGS_NOCACHE;
    cmsHTRANSFORM transform = NULL;
    bool is_standard = false;
    if (standard != NULL) {
        // Sixteen bits may be linear: tables that are fine enough for 8 bits are too coarse for their dark end.
        cmsUInt32Number flags = deep ? plain | cmsFLAGS_NOOPTIMIZE : plain;
        transform = cmsCreateTransformTHR(
            context, profile, format_of(pixels, false), standard, TYPE_RGB_8, INTENT_PERCEPTUAL, plain
        );
        bool has_inks = pixels == PAPILLA_PIXELS_INKS || pixels == PAPILLA_PIXELS_INKS_INVERTED;
        is_standard = transform != NULL && !has_inks && changes_nothing(transform, pixels);
        if (transform != NULL && !is_standard && deep) {
            cmsDeleteTransform(transform);
            transform = cmsCreateTransformTHR(
                context, profile, format_of(pixels, true), standard, TYPE_RGB_8, INTENT_PERCEPTUAL, flags
            );
        }
        cmsCloseProfile(standard);
    }
    cmsCloseProfile(profile);
    if (is_standard)
        papilla_colour_note(details, "sRGB", NULL);
    if (transform != NULL && !is_standard)
        colour = malloc(sizeof *colour);
    if (colour != NULL) {
        *colour = (papilla_colour){context, transform};
        return colour;
    }
    if (!is_standard)
        snprintf(details->colour_problem, sizeof details->colour_problem, "it cannot be worked with");
    if (transform != NULL)
        cmsDeleteTransform(transform);
    cmsDeleteContext(context);
    return NULL;
}

papilla_colour *papilla_colour_of_profile(
    const uint8_t *bytes, size_t count, papilla_pixels pixels, bool deep, papilla_image_details *details
) {
    papilla_colour_note(details, "unreadable profile", "it is not a readable ICC profile");
    if (count > PROFILE_BYTES_LIMIT) {
        papilla_colour_note(details, "unreadable profile", "it is larger than 4 MiB");
        return NULL;
    }
    cmsContext context = open_context();
    if (context == NULL)
        return NULL;
    cmsHPROFILE profile = cmsOpenProfileFromMemTHR(context, bytes, (cmsUInt32Number)count);
    if (profile == NULL) {
        cmsDeleteContext(context);
        return NULL;
    }
    take_name(profile, details);
    if (cmsGetColorSpace(profile) != space_of(pixels)) {
        snprintf(
            details->colour_problem, sizeof details->colour_problem, "it is for other channels than the image has"
        );
        cmsCloseProfile(profile);
        cmsDeleteContext(context);
        return NULL;
    }
    return open_colour(context, profile, pixels, deep, details);
}

static const int32_t standard_chromaticities[8] = {31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000};

static bool is_near(const int32_t chromaticities[8]) {
    for (int index = 0; index < 8; index++)
        if (labs((long)chromaticities[index] - standard_chromaticities[index]) > 1000)
            return false;
    return true;
}

papilla_colour *papilla_colour_of_gamma(
    int32_t gamma, const int32_t chromaticities[8], papilla_pixels pixels, bool deep, papilla_image_details *details
) {
    // 1/2.2 within a twentieth is how programs without profiles have always said sRGB.
    bool is_usual = gamma == 0 || (gamma >= 43182 && gamma <= 47727);
    bool has_primaries = chromaticities != NULL && !is_near(chromaticities);
    if (is_usual && !has_primaries) {
        papilla_colour_note(details, "sRGB", NULL);
        return NULL;
    }
    char name[PAPILLA_COLOUR_SPACE_SIZE];
    snprintf(
        name, sizeof name, "gamma %.3g%s", gamma == 0 ? 2.2 : 1e5 / gamma, has_primaries ? ", primaries of its own" : ""
    );
    papilla_colour_note(details, name, NULL);
    if (gamma != 0 && (gamma < 10000 || gamma > 1000000)) {
        papilla_colour_note(details, name, "no camera has such a gamma");
        return NULL;
    }
    cmsContext context = open_context();
    if (context == NULL)
        return NULL;
    const int32_t *at = chromaticities != NULL ? chromaticities : standard_chromaticities;
    cmsCIExyY white = {at[0] / 1e5, at[1] / 1e5, 1};
    cmsCIExyYTRIPLE primaries = {
        {at[2] / 1e5, at[3] / 1e5, 1}, {at[4] / 1e5, at[5] / 1e5, 1}, {at[6] / 1e5, at[7] / 1e5, 1}
    };
    static const cmsFloat64Number standard_curve[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *curve =
        is_usual ? cmsBuildParametricToneCurve(context, 4, standard_curve) : cmsBuildGamma(context, 1e5 / gamma);
    cmsHPROFILE profile = NULL;
    if (curve != NULL && pixels == PAPILLA_PIXELS_GREY) {
        profile = cmsCreateGrayProfileTHR(context, cmsD50_xyY(), curve);
    } else if (curve != NULL) {
        cmsToneCurve *curves[3] = {curve, curve, curve};
        profile = cmsCreateRGBProfileTHR(context, &white, &primaries, curves);
    }
    if (curve != NULL)
        cmsFreeToneCurve(curve);
    if (profile == NULL) {
        papilla_colour_note(details, name, "its primaries make no sense");
        cmsDeleteContext(context);
        return NULL;
    }
    return open_colour(context, profile, pixels, deep, details);
}

void papilla_colour_convert(const papilla_colour *colour, const void *source, uint8_t *target, size_t width) {
    cmsDoTransform(colour->transform, source, target, (cmsUInt32Number)width);
}

void papilla_convert_colours(
    const uint8_t *profile, size_t count, uint8_t *pixels, size_t width, size_t height, papilla_image_details *details
) {
    papilla_colour *colour = papilla_colour_of_profile(profile, count, PAPILLA_PIXELS_RGB, false, details);
    if (colour == NULL)
        return;
    uint8_t *row = malloc(3 * width);
    if (row == NULL)
        snprintf(details->colour_problem, sizeof details->colour_problem, "there was no memory for it");
    for (size_t y = 0; row != NULL && y < height; y++, pixels += 3 * width) {
        memcpy(row, pixels, 3 * width);
        papilla_colour_convert(colour, row, pixels, width);
    }
    free(row);
    papilla_colour_free(colour);
}

void papilla_colour_free(papilla_colour *colour) {
    if (colour == NULL)
        return;
    cmsDeleteTransform(colour->transform);
    cmsDeleteContext(colour->context);
    free(colour);
}
