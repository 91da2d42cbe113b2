// What the program may still do once it reads what others wrote.
#pragma once

#include <cstdint>

/// Limits of memory, time and files, and no way back to rights.
bool limitResources();

/// Gives a picture of so many pixels the processor time that it may need.
bool allowTime(uint64_t pixels);

/// From now on: memory, standard output, and the end. Whatever else is asked of the system ends the process or is
/// refused.
bool closeSandbox();
