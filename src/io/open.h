// SPDX-License-Identifier: MIT
// The two halves of an open. The first looks names up and may own strings; the second runs drivers and owns nothing,
// for a bug check would abandon it.
#pragma once

#include "io/file.h"

namespace ringside::io {

inline constexpr ULONG kFileTag = 0x656C6946;     // 'File'
inline constexpr ULONG kFileNameTag = 0x6D4E6F49; // 'IoNm'

struct PreparedOpen {
    FILE_OBJECT* file = nullptr;    // with the reference of its birth
    FILE_OBJECT* related = nullptr; // referenced until the create has come back
    ACCESS_MASK granted = 0;
};

Result<PreparedOpen> prepare_open(OpenRequest const& request);
Result<Opened> finish_open(PreparedOpen prepared, OpenRequest const& request);

} // namespace ringside::io
