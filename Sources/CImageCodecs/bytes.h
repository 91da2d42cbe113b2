// A growing array of bytes, for the encoders.
#ifndef PAPILLA_BYTES_H
#define PAPILLA_BYTES_H

#include "CImageCodecs.h"

// Makes room for `more` bytes after `count`. False where there is no memory; what is there stays.
bool papilla_bytes_reserve(papilla_bytes *bytes, size_t more);

#endif
