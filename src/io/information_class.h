// SPDX-License-Identifier: MIT
// What the I/O manager itself checks of an information class: that a query or a set of it exists, how long its buffer
// is at least, and what access the handle needs.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntqueryinformationfile
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntsetinformationfile
#pragma once

#include "nt/nt.h"

namespace ringside::io {

using namespace nt;

// 0: there is no such query (STATUS_INVALID_INFO_CLASS).
ULONG query_bytes(ULONG information);
ULONG set_bytes(ULONG information);
ACCESS_MASK query_access(ULONG information);
ACCESS_MASK set_access(ULONG information);
// The same of volumes and of directory entries.
ULONG volume_query_bytes(ULONG information);
ULONG volume_set_bytes(ULONG information);
ULONG directory_bytes(ULONG information);

} // namespace ringside::io
