// SPDX-License-Identifier: MIT
// DOS names: the drive letter of a volume, the "C:\folder\file" of a file object. Letters are the namespace's symbolic
// links to the volume's device.
#pragma once

#include "nt/nt.h"

namespace ringside::io {

using namespace nt;

NTSTATUS IoVolumeDeviceToDosName(void* device, UNICODE_STRING* dos_name);
NTSTATUS IoQueryFileDosDeviceName(FILE_OBJECT* file, OBJECT_NAME_INFORMATION** name);

} // namespace ringside::io
