// SPDX-License-Identifier: MIT
// Version queries on several profiles.
#include "nt/status.h"
#include "rtl/version.h"

#include <cstring>
#include <gtest/gtest.h>
#include <string>

namespace ringside::rtl {

class Version : public ::testing::Test {
protected:
    ~Version() override { g_windows = Windows::v11_24H2; }

    static NTSTATUS verify(ULONG major, ULONG minor, ULONG pack, UCHAR condition,
                           ULONG types = VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR)
    {
        OSVERSIONINFOEXW wanted {};
        wanted.dwMajorVersion = major;
        wanted.dwMinorVersion = minor;
        wanted.wServicePackMajor = static_cast<USHORT>(pack);
        ULONGLONG mask = 0;
        for (ULONG type : { VER_MAJORVERSION, VER_MINORVERSION, VER_SERVICEPACKMAJOR })
            mask = VerSetConditionMask(mask, type, condition);
        return RtlVerifyVersionInfo(&wanted, types, mask);
    }
};

TEST_F(Version, Get)
{
    g_windows = Windows::win7;
    OSVERSIONINFOEXW info;
    std::memset(&info, 0xcc, sizeof info);
    info.dwOSVersionInfoSize = sizeof(OSVERSIONINFOW);
    EXPECT_EQ(RtlGetVersion(reinterpret_cast<OSVERSIONINFOW*>(&info)), STATUS_SUCCESS);
    EXPECT_EQ(info.dwMajorVersion, 6u);
    EXPECT_EQ(info.dwMinorVersion, 1u);
    EXPECT_EQ(info.dwBuildNumber, 7601u);
    EXPECT_EQ(info.dwPlatformId, 2u);
    EXPECT_EQ(std::u16string(info.szCSDVersion), u"Service Pack 1");
    EXPECT_EQ(info.wServicePackMajor, 0xcccc); // not part of the small structure
    info.dwOSVersionInfoSize = sizeof info;
    RtlGetVersion(reinterpret_cast<OSVERSIONINFOW*>(&info));
    EXPECT_EQ(info.wServicePackMajor, 1);
    EXPECT_EQ(info.wProductType, VER_NT_WORKSTATION);
    g_windows = Windows::ws2022;
    RtlGetVersion(reinterpret_cast<OSVERSIONINFOW*>(&info));
    EXPECT_EQ(info.dwBuildNumber, 20348u);
    EXPECT_EQ(info.wProductType, VER_NT_SERVER);
    EXPECT_EQ(info.szCSDVersion[0], 0);
}

TEST_F(Version, Verify)
{
    g_windows = Windows::win7; // 6.1 SP1
    EXPECT_EQ(verify(5, 2, 9, VER_GREATER_EQUAL), STATUS_SUCCESS); // the major version decides
    EXPECT_EQ(verify(6, 0, 9, VER_GREATER_EQUAL), STATUS_SUCCESS); // the minor one does
    EXPECT_EQ(verify(6, 1, 1, VER_GREATER_EQUAL), STATUS_SUCCESS);
    EXPECT_EQ(verify(6, 1, 2, VER_GREATER_EQUAL), STATUS_REVISION_MISMATCH);
    EXPECT_EQ(verify(6, 2, 0, VER_GREATER_EQUAL), STATUS_REVISION_MISMATCH);
    EXPECT_EQ(verify(6, 1, 1, VER_GREATER), STATUS_REVISION_MISMATCH);
    EXPECT_EQ(verify(6, 1, 0, VER_GREATER), STATUS_SUCCESS);
    EXPECT_EQ(verify(6, 1, 1, VER_EQUAL), STATUS_SUCCESS);
    EXPECT_EQ(verify(6, 1, 0, VER_EQUAL), STATUS_REVISION_MISMATCH);
    EXPECT_EQ(verify(10, 0, 0, VER_LESS), STATUS_SUCCESS);
    EXPECT_EQ(verify(6, 1, 1, VER_LESS_EQUAL), STATUS_SUCCESS);
    EXPECT_EQ(verify(6, 1, 1, VER_EQUAL, 0), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(verify(6, 1, 1, VER_EQUAL, VER_BUILDNUMBER), STATUS_INVALID_PARAMETER); // no condition for it
    OSVERSIONINFOEXW wanted {};
    wanted.wSuiteMask = VER_SUITE_TERMINAL | VER_SUITE_BLADE;
    EXPECT_EQ(RtlVerifyVersionInfo(&wanted, VER_SUITENAME, VerSetConditionMask(0, VER_SUITENAME, VER_OR)),
              STATUS_SUCCESS);
    EXPECT_EQ(RtlVerifyVersionInfo(&wanted, VER_SUITENAME, VerSetConditionMask(0, VER_SUITENAME, VER_AND)),
              STATUS_REVISION_MISMATCH);
}

TEST_F(Version, Ddi)
{
    g_windows = Windows::win7;
    EXPECT_TRUE(RtlIsNtDdiVersionAvailable(0x06000000));
    EXPECT_TRUE(RtlIsNtDdiVersionAvailable(0x06010000));
    EXPECT_FALSE(RtlIsNtDdiVersionAvailable(0x06020000));
    EXPECT_TRUE(RtlIsNtDdiVersionAvailable(0x06000100)); // Windows Server 2008
    EXPECT_FALSE(RtlIsNtDdiVersionAvailable(0x06000200)); // a service pack
    EXPECT_TRUE(RtlIsServicePackVersionInstalled(0x06010100));
    EXPECT_FALSE(RtlIsServicePackVersionInstalled(0x06010200));
    EXPECT_FALSE(RtlIsServicePackVersionInstalled(0x06000100)); // another major version
}

} // namespace ringside::rtl
