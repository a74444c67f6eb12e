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

// The same for a file with hard links. Whether others may delete is counted for the link, too, and asked there: opens
// by one link do not keep another from being deleted. `link` null: the stream's counts stand for it, as above.
// `flags`: IO_SHARE_ACCESS_* and IO_CHECK_SHARE_ACCESS_*.
NTSTATUS IoCheckLinkShareAccess(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access,
                                LINK_SHARE_ACCESS* link, ULONG flags);
void IoSetLinkShareAccess(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access,
                          LINK_SHARE_ACCESS* link, ULONG flags);
void IoUpdateLinkShareAccess(FILE_OBJECT* file, SHARE_ACCESS* access, LINK_SHARE_ACCESS* link);
void IoUpdateLinkShareAccessEx(FILE_OBJECT* file, SHARE_ACCESS* access, LINK_SHARE_ACCESS* link, ULONG flags);
void IoRemoveLinkShareAccess(FILE_OBJECT* file, SHARE_ACCESS* access, LINK_SHARE_ACCESS* link);
void IoRemoveLinkShareAccessEx(FILE_OBJECT* file, SHARE_ACCESS* access, LINK_SHARE_ACCESS* link, ULONG flags);

} // namespace ringside::io
