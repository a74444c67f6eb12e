// SPDX-License-Identifier: MIT
// The registry of a freshly booted machine.
#include "boot.h"
#include "cm/registry.h"
#include "registry_text.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;
using ringside::test::narrow;

namespace {

std::string text_at(cm::Registry& registry, char16_t const* path, char16_t const* name)
{
    cm::Key* const key = registry.find(path);
    cm::Value const* const value = key ? key->value(name) : nullptr;
    if (!value)
        return "(none)";
    if (value->type == REG_DWORD) {
        uint32_t number;
        std::memcpy(&number, value->data.data(), 4);
        return std::to_string(number);
    }
    std::string text;
    for (size_t at = 0; at + 2 < value->data.size(); at += 2)
        text += value->data[at] ? static_cast<char>(value->data[at]) : '|';
    return text;
}

} // namespace

// Each Windows says which one it is, as drivers ask for it.
TEST(cm_skeleton, says_which_windows_it_is)
{
    struct Expected {
        Windows windows;
        char const* version;
        char const* build;
        char const* major;
        char const* display;
        char const* release;
        char const* product;
    };
    for (Expected const& expected :
         { Expected { Windows::xp_x64, "5.2", "3790", "(none)", "(none)", "(none)", "WinNT" },
           Expected { Windows::win7, "6.1", "7601", "(none)", "(none)", "(none)", "WinNT" },
           Expected { Windows::v10_1507, "6.3", "10240", "10", "(none)", "(none)", "WinNT" },
           Expected { Windows::v10_1903, "6.3", "18362", "10", "(none)", "1903", "WinNT" },
           Expected { Windows::ws2022, "6.3", "20348", "10", "21H2", "2009", "ServerNT" },
           Expected { Windows::v11_24H2, "6.3", "26100", "10", "24H2", "2009", "WinNT" } }) {
        BootedKernel boot({ .windows = expected.windows });
        cm::Registry& registry = boot.rooms.registry;
        constexpr auto* kCurrent = u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion";
        EXPECT_EQ(text_at(registry, kCurrent, u"CurrentVersion"), expected.version);
        EXPECT_EQ(text_at(registry, kCurrent, u"CurrentBuildNumber"), expected.build);
        EXPECT_EQ(text_at(registry, kCurrent, u"CurrentMajorVersionNumber"), expected.major);
        EXPECT_EQ(text_at(registry, kCurrent, u"DisplayVersion"), expected.display);
        EXPECT_EQ(text_at(registry, kCurrent, u"ReleaseId"), expected.release);
        EXPECT_EQ(text_at(registry, u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\ProductOptions",
                          u"ProductType"),
                  expected.product);
    }
}

// What drivers look for elsewhere, by way of the links; what is volatile, and what cannot go.
TEST(cm_skeleton, has_what_drivers_look_for)
{
    BootedKernel boot({ .processors = 3 });
    cm::Registry& registry = boot.rooms.registry;
    EXPECT_EQ(text_at(registry, u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\ComputerName\\ComputerName",
                      u"ComputerName"),
              "RINGSIDE");
    EXPECT_EQ(text_at(registry, u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Nls\\CodePage", u"ACP"),
              "1252");
    EXPECT_EQ(text_at(registry,
                      u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"
                      u"{4D36E96B-E325-11CE-BFC1-08002BE10318}",
                      u"UpperFilters"),
              "kbdclass|");
    EXPECT_EQ(text_at(registry, u"\\Registry\\User\\S-1-5-18\\Control Panel\\International", u"LocaleName"), "en-US");
    EXPECT_EQ(text_at(registry, u"\\Registry\\Machine\\Hardware\\Description\\System\\CentralProcessor\\2", u"~MHz"),
              "2400");
    EXPECT_EQ(registry.find(u"\\Registry\\Machine\\Hardware\\Description\\System\\CentralProcessor")->subkeys.size(),
              3u);
    for (auto path : { u"\\Registry\\Machine\\Hardware\\ResourceMap", u"\\Registry\\Machine\\Hardware\\DeviceMap" })
        EXPECT_TRUE(registry.find(path)->is_volatile);
    for (auto hive : { u"System", u"Software", u"Hardware", u"Sam", u"Security" })
        EXPECT_EQ(registry.delete_key(*registry.root().subkey(u"Machine")->subkey(hive)).status(),
                  STATUS_CANNOT_DELETE);
}
