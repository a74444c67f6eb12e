// SPDX-License-Identifier: MIT
// Share access: how the opens of one file (a driver's own object) get along.
// @cite(wdk-ddi): page=wdm/nf-wdm-iocheckshareaccess
#pragma once

#include "nt/nt.h"

namespace ringside::io {

NTSTATUS IoCheckShareAccess(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access, BOOLEAN update);
NTSTATUS IoCheckShareAccessEx(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access, BOOLEAN update,
                              BOOLEAN* write_permission);
void IoSetShareAccess(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access);
void IoSetShareAccessEx(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access,
                        BOOLEAN* write_permission);
void IoUpdateShareAccess(FILE_OBJECT* file, SHARE_ACCESS* access);
void IoRemoveShareAccess(FILE_OBJECT* file, SHARE_ACCESS* access);

} // namespace ringside::io
