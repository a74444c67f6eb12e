// SPDX-License-Identifier: MIT
// Objects as text, for reports, tests and the command line. No addresses: numbers and names.
#pragma once

#include "io/irp.h"

#include <string>

namespace ringside::io {

struct DeviceRecord;

// "\Device\Toaster" or "device 3".
std::string label_of(DeviceRecord const& device);
// "READ", "DEVICE_CONTROL" ...; "0x1C" for a code that is none.
std::string major_name(UCHAR major);

// The stack that a device stands in, top first, one line each:
//   device 3 (filter)   stack 3  BUFFERED
//   \Device\Toaster (toaster)  stack 2  DIRECT opens=1   <- the one asked for
std::string describe_stack(DEVICE_OBJECT* device);
// All stacks, by the birth of their lowest device.
std::string describe_devices();
// One IRP and its locations, like !irp.
std::string describe_irp(IrpRecord const& record);

} // namespace ringside::io
