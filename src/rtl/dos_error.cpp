// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlntstatustodoserror
#include "rtl/dos_error.h"

#include <algorithm>
#include <array>

namespace ringside::rtl {

namespace {

struct Pair {
    uint32_t status;
    ULONG error;
};

constexpr Pair kUnsorted[] = {
#define RINGSIDE_DOS_ERROR(status, error) Pair { static_cast<uint32_t>(status), error },
#include "rtl/dos_errors.inc"
#undef RINGSIDE_DOS_ERROR
};

constexpr auto kErrors = [] {
    auto table = std::to_array(kUnsorted);
    std::ranges::sort(table, {}, &Pair::status);
    return table;
}();

constexpr uint32_t kFacilityMask = 0x0FFF0000;
constexpr uint32_t kFacilityWin32 = 0x00070000; // FACILITY_NTWIN32: the error code stands in the status

} // namespace

ULONG RtlNtStatusToDosError(NTSTATUS status)
{
    auto const code = static_cast<uint32_t>(status);
    if (code & 0x20000000)
        return code; // a customer's own: unchanged
    if ((code & kFacilityMask) == kFacilityWin32)
        return code & 0xFFFF;
    auto const found = std::ranges::lower_bound(kErrors, code, {}, &Pair::status);
    return found != kErrors.end() && found->status == code ? found->error : ERROR_MR_MID_NOT_FOUND;
}

} // namespace ringside::rtl
