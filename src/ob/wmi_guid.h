// SPDX-License-Identifier: MIT
// The type of opened WMI blocks, which room io makes.
#pragma once

#include "ob/object.h"

namespace ringside::ob {

extern Type wmi_guid_type; // types.cpp

} // namespace ringside::ob
