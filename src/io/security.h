// SPDX-License-Identifier: MIT
// Whose a file's security descriptor is. An open of the device itself has the device's, which the object manager keeps;
// what lies below its name, and every file of a mounted volume, has one of the driver's own: IRP_MJ_QUERY_SECURITY and
// IRP_MJ_SET_SECURITY. A driver without a handler has files that belong to everybody.
#pragma once

#include "nt/nt.h"

namespace ringside::io {

void connect_security();

} // namespace ringside::io
