// SPDX-License-Identifier: MIT
// Which Windows this is: on the newest profile, and on one with a service pack.
#include "contract.h"

#include <cstring>
#include <string_view>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG NTDDI_WIN2K = 0x05000000, NTDDI_WS03 = 0x05020000, NTDDI_VISTA = 0x06000000,
                NTDDI_VISTASP1 = 0x06000100, NTDDI_WS08 = 0x06000100, NTDDI_WIN7 = 0x06010000, NTDDI_WIN8 = 0x06020000,
                NTDDI_WIN10 = 0x0A000000;
constexpr ULONG kServicePack1 = 0x100;

OSVERSIONINFOEXW& version(At& at, ULONG major, ULONG minor, USHORT pack = 0)
{
    auto& made = at.object<OSVERSIONINFOEXW>();
    made.dwOSVersionInfoSize = sizeof made;
    made.dwMajorVersion = major;
    made.dwMinorVersion = minor;
    made.wServicePackMajor = pack;
    return made;
}

// One condition for each of these members.
ULONGLONG mask(At& at, ULONG types, UCHAR condition, ULONGLONG before = 0)
{
    for (ULONG type = 1; type < 0x100; type <<= 1)
        if (types & type)
            before = at.also("VerSetConditionMask", before, type, condition);
    return before;
}

constexpr ULONG kNumbers = VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR;

} // namespace

#define SAMPLE_ON_WINDOWS_7(service)                                                                                   \
    RINGSIDE_SAMPLE_(service, on_7, #service, "on_7", &sample_##service##_on_7, Where::SystemThread, nullptr,          \
                     { .windows = Windows::win7 })

SAMPLE(RtlGetVersion)
{
    auto& info = at.object<OSVERSIONINFOEXW>();
    std::memset(&info, 0xA5, sizeof info);
    info.dwOSVersionInfoSize = sizeof(OSVERSIONINFOW);
    at.status(STATUS_SUCCESS, &info);
    EXPECT_EQ(info.dwMajorVersion, 10u);
    EXPECT_EQ(info.dwMinorVersion, 0u);
    EXPECT_EQ(info.dwBuildNumber, 26100u);
    EXPECT_EQ(info.dwPlatformId, 2u);
    EXPECT_EQ(info.szCSDVersion[0], 0);
    EXPECT_EQ(info.wServicePackMajor, 0xA5A5) << "not in the small structure";
    info.dwOSVersionInfoSize = sizeof info;
    at.status(STATUS_SUCCESS, &info);
    EXPECT_EQ(info.dwOSVersionInfoSize, sizeof info);
    EXPECT_EQ(info.wServicePackMajor, 0);
    EXPECT_EQ(info.wProductType, VER_NT_WORKSTATION);
}

SAMPLE_ON_WINDOWS_7(RtlGetVersion)
{
    auto& info = version(at, 0, 0);
    at.status(STATUS_SUCCESS, &info);
    EXPECT_EQ(info.dwMajorVersion, 6u);
    EXPECT_EQ(info.dwMinorVersion, 1u);
    EXPECT_EQ(info.wServicePackMajor, 1);
    EXPECT_EQ(std::u16string_view(info.szCSDVersion), u"Service Pack 1");
}

// Windows 7 with its service pack, whose numbers can differ in either direction.
SAMPLE_ON_WINDOWS_7(RtlVerifyVersionInfo)
{
    auto at_least = mask(at, kNumbers, VER_GREATER_EQUAL);
    at.status(STATUS_SUCCESS, &version(at, 6, 1, 1), kNumbers, at_least);
    at.status(STATUS_SUCCESS, &version(at, 5, 2, 9), kNumbers, at_least); // the major version decides
    at.status(STATUS_SUCCESS, &version(at, 6, 0, 9), kNumbers, at_least); // the minor one does
    at.status(STATUS_REVISION_MISMATCH, &version(at, 6, 1, 2), kNumbers, at_least);
    at.status(STATUS_REVISION_MISMATCH, &version(at, 6, 2, 0), kNumbers, at_least);
    auto exactly = mask(at, kNumbers, VER_EQUAL);
    at.status(STATUS_SUCCESS, &version(at, 6, 1, 1), kNumbers, exactly);
    at.status(STATUS_REVISION_MISMATCH, &version(at, 6, 1, 0), kNumbers, exactly);
    at.status(STATUS_SUCCESS, &version(at, 6, 2), kNumbers, mask(at, kNumbers, VER_LESS));
    at.status(STATUS_REVISION_MISMATCH, &version(at, 6, 1, 1), kNumbers, mask(at, kNumbers, VER_LESS));
    at.status(STATUS_REVISION_MISMATCH, &version(at, 6, 1, 1), kNumbers, mask(at, kNumbers, VER_GREATER));
    at.status(STATUS_SUCCESS, &version(at, 6, 1, 1), kNumbers, mask(at, kNumbers, VER_LESS_EQUAL));
}

SAMPLE(RtlVerifyVersionInfo)
{
    auto& wanted = version(at, 0, 0);
    wanted.dwBuildNumber = 26100;
    wanted.dwPlatformId = 2;
    wanted.wProductType = VER_NT_WORKSTATION;
    constexpr ULONG kOthers = VER_BUILDNUMBER | VER_PLATFORMID | VER_PRODUCT_TYPE;
    at.status(STATUS_SUCCESS, &wanted, kOthers, mask(at, kOthers, VER_EQUAL));
    for (ULONG type : { VER_BUILDNUMBER, VER_PLATFORMID, VER_PRODUCT_TYPE })
        at.status(STATUS_REVISION_MISMATCH, &wanted, kOthers,
                  mask(at, type, VER_LESS, mask(at, kOthers & ~type, VER_EQUAL)));
    wanted.wSuiteMask = VER_SUITE_TERMINAL | VER_SUITE_BLADE;
    at.status(STATUS_SUCCESS, &wanted, VER_SUITENAME, mask(at, VER_SUITENAME, VER_OR));
    at.status(STATUS_REVISION_MISMATCH, &wanted, VER_SUITENAME, mask(at, VER_SUITENAME, VER_AND));
    wanted.wSuiteMask = VER_SUITE_TERMINAL;
    at.status(STATUS_SUCCESS, &wanted, VER_SUITENAME, mask(at, VER_SUITENAME, VER_AND));
    wanted.wSuiteMask = VER_SUITE_BLADE;
    at.status(STATUS_REVISION_MISMATCH, &wanted, VER_SUITENAME, mask(at, VER_SUITENAME, VER_OR));

    at.status(STATUS_INVALID_PARAMETER, &wanted, 0, mask(at, kOthers, VER_EQUAL)); // nothing is asked
    at.status(STATUS_INVALID_PARAMETER, &wanted, 0x100, mask(at, kOthers, VER_EQUAL));
    at.status(STATUS_INVALID_PARAMETER, &wanted, kNumbers, mask(at, kOthers, VER_EQUAL)); // without a condition
    at.status(STATUS_INVALID_PARAMETER, &wanted, VER_SUITENAME, mask(at, VER_SUITENAME, VER_EQUAL));
    at.status(STATUS_INVALID_PARAMETER, nullptr, kOthers, mask(at, kOthers, VER_EQUAL));
}

SAMPLE(VerSetConditionMask)
{
    at.returns(ULONGLONG { VER_GREATER_EQUAL }, ULONGLONG { 0 }, VER_MINORVERSION, VER_GREATER_EQUAL);
    at.returns(ULONGLONG { VER_LESS } << 3, ULONGLONG { 0 }, VER_MAJORVERSION, VER_LESS);
    at.returns(ULONGLONG { VER_EQUAL } << 21 | 5, ULONGLONG { 5 }, VER_PRODUCT_TYPE, VER_EQUAL); // what was set stays
    at.returns(ULONGLONG { VER_OR } << 18, ULONGLONG { 0 }, VER_SUITENAME, VER_OR);
    at.returns(ULONGLONG { 5 }, ULONGLONG { 5 }, 0, VER_EQUAL); // no member
}

SAMPLE(RtlIsNtDdiVersionAvailable)
{
    for (ULONG earlier : { NTDDI_WIN2K, NTDDI_WS03, NTDDI_VISTA, NTDDI_WS08, NTDDI_WIN7, NTDDI_WIN10 })
        at.returns(BOOLEAN { TRUE }, earlier);
    at.returns(BOOLEAN { FALSE }, 0x0B000000);
    at.returns(BOOLEAN { FALSE }, NTDDI_WIN7 | kServicePack1); // service packs are the other routine's
}

SAMPLE_ON_WINDOWS_7(RtlIsNtDdiVersionAvailable)
{
    at.returns(BOOLEAN { TRUE }, NTDDI_WS08);
    at.returns(BOOLEAN { TRUE }, NTDDI_WIN7);
    at.returns(BOOLEAN { FALSE }, NTDDI_WIN8);
}

SAMPLE(RtlIsServicePackVersionInstalled)
{
    at.returns(BOOLEAN { TRUE }, NTDDI_WIN10);
    at.returns(BOOLEAN { FALSE }, NTDDI_WIN10 | kServicePack1);
    at.returns(BOOLEAN { FALSE }, NTDDI_WIN7); // another version, though an older one
}

SAMPLE_ON_WINDOWS_7(RtlIsServicePackVersionInstalled)
{
    at.returns(BOOLEAN { TRUE }, NTDDI_WIN7);
    at.returns(BOOLEAN { TRUE }, NTDDI_WIN7 | kServicePack1);
    at.returns(BOOLEAN { FALSE }, NTDDI_WIN7 | 2 * kServicePack1);
    at.returns(BOOLEAN { FALSE }, NTDDI_VISTASP1);
}
