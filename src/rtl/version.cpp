// SPDX-License-Identifier: MIT
// Version queries about the profile in g_windows.
#include "rtl/version.h"

#include "nt/status.h"

#include <bit>
#include <optional>
#include <string_view>

namespace ringside::rtl {

namespace {

constexpr ULONG kPlatformNt = 2; // VER_PLATFORM_WIN32_NT
constexpr ULONG kAllTypes = 0xff;

// The service pack that the profile's build number implies.
USHORT service_pack()
{
    switch (g_windows) {
    case Windows::xp_x64:
    case Windows::vista: return 2;
    case Windows::win7: return 1;
    default: return 0;
    }
}

OSVERSIONINFOEXW current()
{
    auto const& profile = windows_profile(g_windows);
    OSVERSIONINFOEXW info {};
    info.dwOSVersionInfoSize = sizeof info;
    info.dwMajorVersion = profile.major;
    info.dwMinorVersion = profile.minor;
    info.dwBuildNumber = profile.build;
    info.dwPlatformId = kPlatformNt;
    info.wServicePackMajor = service_pack();
    info.wSuiteMask = VER_SUITE_TERMINAL | VER_SUITE_SINGLEUSERTS;
    info.wProductType = g_windows == Windows::ws2022 ? VER_NT_SERVER : VER_NT_WORKSTATION;
    if (info.wServicePackMajor) {
        std::u16string_view(u"Service Pack ").copy(info.szCSDVersion, 13);
        info.szCSDVersion[13] = static_cast<char16_t>(u'0' + info.wServicePackMajor);
    }
    return info;
}

UCHAR condition_of(ULONGLONG mask, ULONG type)
{
    int index = std::countr_zero(type);
    return mask >> (index * VER_NUM_BITS_PER_CONDITION_MASK) & VER_CONDITION_MASK;
}

bool holds(UCHAR condition, ULONG now, ULONG wanted)
{
    switch (condition) {
    case VER_EQUAL: return now == wanted;
    case VER_GREATER: return now > wanted;
    case VER_GREATER_EQUAL: return now >= wanted;
    case VER_LESS: return now < wanted;
    default: return now <= wanted;
    }
}

struct Member {
    ULONG type;
    ULONG now;
    ULONG wanted;
};

} // namespace

NTSTATUS RtlGetVersion(OSVERSIONINFOW* information)
{
    OSVERSIONINFOEXW now = current();
    bool extended = information->dwOSVersionInfoSize == sizeof(OSVERSIONINFOEXW);
    size_t bytes = extended ? sizeof(OSVERSIONINFOEXW) : sizeof(OSVERSIONINFOW);
    now.dwOSVersionInfoSize = information->dwOSVersionInfoSize;
    __builtin_memcpy(information, &now, bytes);
    return STATUS_SUCCESS;
}

NTSTATUS RtlVerifyVersionInfo(OSVERSIONINFOEXW* wanted, ULONG type_mask, ULONGLONG condition_mask)
{
    if (!wanted || type_mask == 0 || type_mask & ~kAllTypes)
        return STATUS_INVALID_PARAMETER;
    OSVERSIONINFOEXW now = current();
    Member const members[] {
        { VER_MAJORVERSION, now.dwMajorVersion, wanted->dwMajorVersion },
        { VER_MINORVERSION, now.dwMinorVersion, wanted->dwMinorVersion },
        { VER_SERVICEPACKMAJOR, now.wServicePackMajor, wanted->wServicePackMajor },
        { VER_SERVICEPACKMINOR, now.wServicePackMinor, wanted->wServicePackMinor },
        { VER_BUILDNUMBER, now.dwBuildNumber, wanted->dwBuildNumber },
        { VER_PLATFORMID, now.dwPlatformId, wanted->dwPlatformId },
        { VER_PRODUCT_TYPE, now.wProductType, wanted->wProductType },
    };
    constexpr ULONG kInSequence = VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR | VER_SERVICEPACKMINOR;

    for (ULONG types = type_mask; types; types &= types - 1) {
        UCHAR condition = condition_of(condition_mask, types & (0 - types));
        bool suite = types & (0 - types) & VER_SUITENAME;
        if (suite ? condition != VER_AND && condition != VER_OR : condition < VER_EQUAL || condition > VER_LESS_EQUAL)
            return STATUS_INVALID_PARAMETER;
    }
    // The first version number that differs decides; those behind it are not looked at.
    bool decided = false;
    std::optional<bool> equal_is_enough;
    for (auto const& member : members) {
        if (!(type_mask & member.type))
            continue;
        UCHAR condition = condition_of(condition_mask, member.type);
        if (!(member.type & kInSequence)) {
            if (!holds(condition, member.now, member.wanted))
                return STATUS_REVISION_MISMATCH;
        } else if (!decided && member.now != member.wanted) {
            if (!holds(condition, member.now, member.wanted))
                return STATUS_REVISION_MISMATCH;
            decided = true;
        } else if (!decided)
            equal_is_enough = holds(condition, member.now, member.wanted);
    }
    if (!decided && equal_is_enough && !*equal_is_enough)
        return STATUS_REVISION_MISMATCH;
    if (type_mask & VER_SUITENAME) {
        USHORT common = now.wSuiteMask & wanted->wSuiteMask;
        bool all = condition_of(condition_mask, VER_SUITENAME) == VER_AND;
        if (all ? common != wanted->wSuiteMask : common == 0)
            return STATUS_REVISION_MISMATCH;
    }
    return STATUS_SUCCESS;
}

ULONGLONG VerSetConditionMask(ULONGLONG condition_mask, ULONG type_mask, UCHAR condition)
{
    type_mask &= kAllTypes;
    if (type_mask == 0)
        return condition_mask;
    // Of several types the highest counts: one call sets one condition.
    int index = static_cast<int>(std::bit_width(type_mask)) - 1;
    ULONGLONG bits = condition & VER_CONDITION_MASK;
    return condition_mask | bits << (index * VER_NUM_BITS_PER_CONDITION_MASK);
}

// NTDDI_ numbers: major, minor, service pack, and a byte for releases within one.
BOOLEAN RtlIsNtDdiVersionAvailable(ULONG version)
{
    // Windows Server 2008 looks like a service pack of Vista, and is in the page's list all the same.
    constexpr ULONG kWindowsServer2008 = 0x06000100;
    auto const& profile = windows_profile(g_windows);
    if (version == kWindowsServer2008)
        return profile.major > 6 || (profile.major == 6 && (profile.minor > 0 || service_pack() >= 1));
    if (version & 0xffff)
        return FALSE; // names a service pack, which is the other function's business
    return (profile.major << 8 | profile.minor) >= version >> 16;
}

BOOLEAN RtlIsServicePackVersionInstalled(ULONG version)
{
    auto const& profile = windows_profile(g_windows);
    return (profile.major << 8 | profile.minor) == version >> 16 && service_pack() >= (version >> 8 & 0xff);
}

} // namespace ringside::rtl
