// What the program may still do once it reads what others wrote.
#pragma once

/// Limits of memory, time and files, and no way back to rights.
bool limitResources();

/// From now on: memory, standard output, and the end. Whatever else is asked of the system ends the process or is
/// refused.
bool closeSandbox();
