// SPDX-License-Identifier: MIT
// The Windows releases that a contract row can name as its first, and that `--windows NAME` can choose.
// Order is age; an export exists on a profile when the profile is not older than the row's `since`.
// Documentation floors older than the first x64 Windows (Windows 2000, XP) all mean xp_x64.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ringside {

enum class Windows : uint8_t {
    xp_x64, // also Windows Server 2003 SP1: the same kernel
    vista,
    win7,
    win8,
    win8_1,
    v10_1507,
    v10_1511,
    v10_1607,
    v10_1703,
    v10_1709,
    v10_1803,
    v10_1809,
    v10_1903,
    v10_2004,
    v10_20H2,
    v10_22H2,
    ws2022,
    v11_21H2,
    v11_22H2,
    v11_23H2,
    v11_24H2,
    never, // as `until`: still exported; never a profile
};

struct WindowsProfile {
    Windows version;
    std::string_view name; // as --windows takes it and data/ddi.csv spells it
    uint32_t major;
    uint32_t minor;
    uint32_t build;
};

inline constexpr std::array kWindowsProfiles {
    WindowsProfile { Windows::xp_x64, "xp-x64", 5, 2, 3790 },
    WindowsProfile { Windows::vista, "vista", 6, 0, 6002 },
    WindowsProfile { Windows::win7, "win7", 6, 1, 7601 },
    WindowsProfile { Windows::win8, "win8", 6, 2, 9200 },
    WindowsProfile { Windows::win8_1, "win8.1", 6, 3, 9600 },
    WindowsProfile { Windows::v10_1507, "win10-1507", 10, 0, 10240 },
    WindowsProfile { Windows::v10_1511, "win10-1511", 10, 0, 10586 },
    WindowsProfile { Windows::v10_1607, "win10-1607", 10, 0, 14393 },
    WindowsProfile { Windows::v10_1703, "win10-1703", 10, 0, 15063 },
    WindowsProfile { Windows::v10_1709, "win10-1709", 10, 0, 16299 },
    WindowsProfile { Windows::v10_1803, "win10-1803", 10, 0, 17134 },
    WindowsProfile { Windows::v10_1809, "win10-1809", 10, 0, 17763 },
    WindowsProfile { Windows::v10_1903, "win10-1903", 10, 0, 18362 },
    WindowsProfile { Windows::v10_2004, "win10-2004", 10, 0, 19041 },
    WindowsProfile { Windows::v10_20H2, "win10-20h2", 10, 0, 19042 },
    WindowsProfile { Windows::v10_22H2, "win10-22h2", 10, 0, 19045 },
    WindowsProfile { Windows::ws2022, "ws2022", 10, 0, 20348 },
    WindowsProfile { Windows::v11_21H2, "win11-21h2", 10, 0, 22000 },
    WindowsProfile { Windows::v11_22H2, "win11-22h2", 10, 0, 22621 },
    WindowsProfile { Windows::v11_23H2, "win11-23h2", 10, 0, 22631 },
    WindowsProfile { Windows::v11_24H2, "win11-24h2", 10, 0, 26100 },
};

constexpr WindowsProfile const& windows_profile(Windows version)
{
    return kWindowsProfiles[static_cast<size_t>(version)];
}

// The profile of that name, or of its Server twin "ws2003sp1"; nothing for an unknown name.
constexpr std::optional<Windows> windows_by_name(std::string_view name)
{
    if (name == "ws2003sp1")
        return Windows::xp_x64;
    for (auto const& profile : kWindowsProfiles)
        if (profile.name == name)
            return profile.version;
    return std::nullopt;
}

} // namespace ringside
