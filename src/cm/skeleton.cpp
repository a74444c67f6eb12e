// SPDX-License-Identifier: MIT
// What a freshly booted machine has in its registry: the keys that drivers look for, and the values that say which
// Windows this is (skeleton_data.inc). Whatever else a driver wants there comes with --reg and --hive.
#include "cm/registry.h"

#include "base/check.h"
#include "hal/processor.h"

#include <string>

namespace ringside::cm {

using namespace nt;

namespace {

enum class RowKind : uint8_t { KeyOnly, Text, Expand, List, Number };

struct Row {
    RowKind kind;
    std::u16string_view key;
    std::u16string_view name;
    std::u16string_view text;
    uint32_t number;
    Windows since;
};

// A literal's characters with the zeros inside it, and without the one at its end.
template <size_t N>
constexpr std::u16string_view whole(char16_t const (&text)[N])
{
    return { text, N - 1 };
}

#define KEY(key) { RowKind::KeyOnly, key, {}, {}, 0, Windows::xp_x64 },
#define TEXT_SINCE(key, name, text, since) { RowKind::Text, key, name, text, 0, since },
#define TEXT(key, name, text) TEXT_SINCE(key, name, text, Windows::xp_x64)
#define EXPAND(key, name, text) { RowKind::Expand, key, name, text, 0, Windows::xp_x64 },
#define LIST(key, name, text) { RowKind::List, key, name, whole(text), 0, Windows::xp_x64 },
#define NUMBER_SINCE(key, name, number, since) { RowKind::Number, key, name, {}, number, since },
#define NUMBER(key, name, number) NUMBER_SINCE(key, name, number, Windows::xp_x64)
constexpr Row kRows[] = {
#include "cm/skeleton_data.inc"
};
#undef KEY
#undef TEXT_SINCE
#undef TEXT
#undef EXPAND
#undef LIST
#undef NUMBER_SINCE
#undef NUMBER

// Hives, attached before anything is put in them. Made at every boot and never saved: volatile.
struct Hive {
    std::u16string_view root;
    std::u16string_view name;
    bool is_volatile;
};
constexpr Hive kHives[] = {
    { u"MACHINE", u"SYSTEM", false },   { u"MACHINE", u"SOFTWARE", false }, { u"MACHINE", u"SAM", false },
    { u"MACHINE", u"SECURITY", false }, { u"MACHINE", u"HARDWARE", true },  { u"USER", u".DEFAULT", false },
};

std::u16string decimal(uint32_t number)
{
    std::string const digits = std::to_string(number);
    return { digits.begin(), digits.end() };
}

std::u16string upper_ascii(std::string_view text)
{
    std::u16string upper(text.begin(), text.end());
    for (char16_t& c : upper)
        if (c >= u'a' && c <= u'z')
            c = static_cast<char16_t>(c - u'a' + u'A');
    return upper;
}

// What winver says of a release: the part of the profile's name behind the hyphen.
std::u16string display_version(WindowsProfile const& profile)
{
    size_t const hyphen = profile.name.find('-');
    if (hyphen == profile.name.npos)
        return u"21H2"; // Windows Server 2022
    return upper_ascii(profile.name.substr(hyphen + 1));
}

std::u16string product_name(Windows windows)
{
    if (windows == Windows::ws2022)
        return u"Windows Server 2022 Standard";
    if (windows >= Windows::v10_1507)
        return u"Windows 10 Pro"; // Windows 11 kept this name
    switch (windows) {
    case Windows::xp_x64:
        return u"Microsoft Windows XP";
    case Windows::vista:
        return u"Windows Vista (TM) Business";
    case Windows::win7:
        return u"Windows 7 Professional";
    case Windows::win8:
        return u"Windows 8 Pro";
    default:
        return u"Windows 8.1 Pro";
    }
}

std::u16string filled(std::u16string_view text, Windows windows, unsigned processors)
{
    WindowsProfile const& profile = windows_profile(windows);
    bool const is_server = windows == Windows::ws2022;
    std::u16string const display = display_version(profile);
    struct Field {
        std::u16string_view name;
        std::u16string value;
    } const fields[] = {
        { u"{version}",
          profile.major >= 10 ? std::u16string(u"6.3") : decimal(profile.major) + u"." + decimal(profile.minor) },
        { u"{build}", decimal(profile.build) },
        { u"{name}", product_name(windows) },
        { u"{edition}", is_server ? u"ServerStandard" : u"Professional" },
        { u"{installation}", is_server ? u"Server" : u"Client" },
        { u"{product}", is_server ? u"ServerNT" : u"WinNT" },
        { u"{display}", display },
        // It stopped at 2009.
        { u"{release}", windows >= Windows::v10_20H2 ? std::u16string(u"2009") : display },
        { u"{processors}", decimal(processors) },
    };
    for (Field const& field : fields)
        if (text == field.name)
            return field.value;
    return std::u16string(text);
}

// What cpuid says of them, too (ldr/profile.cpp).
void add_processors(Registry& registry, Key& description, unsigned processors)
{
    for (unsigned i = 0; i < processors; ++i) {
        Key& key = registry.add_subkey(description, decimal(i), true, u"Processor");
        registry.set_string(key, u"Identifier", u"Intel64 Family 6 Model 44 Stepping 2");
        registry.set_string(key, u"VendorIdentifier", u"GenuineIntel");
        registry.set_string(key, u"ProcessorNameString", u"Ringside virtual processor @ 2.40GHz");
        registry.set_dword(key, u"~MHz", 2400);
    }
}

} // namespace

void Registry::make_skeleton(unsigned processors)
{
    for (auto root : { u"MACHINE", u"USER" })
        add_subkey(m_root, root, false).is_hive_root = true;
    for (Hive const& hive : kHives)
        add_subkey(*m_root.subkey(hive.root), hive.name, hive.is_volatile).is_hive_root = true;
    for (Row const& row : kRows) {
        if (m_windows < row.since)
            continue;
        Key& key = make(u"\\REGISTRY\\" + std::u16string(row.key));
        std::u16string const text = filled(row.text, m_windows, processors);
        switch (row.kind) {
        case RowKind::KeyOnly:
            break;
        case RowKind::Number:
            set_dword(key, row.name, row.number);
            break;
        case RowKind::Text:
            set_string(key, row.name, text);
            break;
        case RowKind::Expand:
            set_string(key, row.name, text, REG_EXPAND_SZ);
            break;
        case RowKind::List:
            set_string(key, row.name, text, REG_MULTI_SZ);
            break;
        }
    }
    link_current_control_set();
    // The local system's own user is the default one.
    make_link(*find(u"\\REGISTRY\\USER"), u"S-1-5-18", u"\\REGISTRY\\USER\\.DEFAULT", true);

    Key& hardware = *find(u"\\REGISTRY\\MACHINE\\HARDWARE");
    for (auto path : { u"DESCRIPTION\\System\\CentralProcessor", u"DEVICEMAP", u"RESOURCEMAP" })
        static_cast<void>(walk(hardware, path, { .missing = Missing::CreateAll, .is_volatile = true }));
    set_string(u"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\System", u"Identifier", u"AT/AT COMPATIBLE");
    add_processors(*this, *find(u"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor"), processors);
}

} // namespace ringside::cm
