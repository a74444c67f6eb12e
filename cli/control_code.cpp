// SPDX-License-Identifier: MIT
#include "control_code.h"

#include "text.h"
#include "usage.h"

#include "nt/driver.h"

#include <array>
#include <cctype>
#include <iterator>

namespace ringside::cli {

namespace {

// In order of the number from 1 on; a gap has no name.
constexpr char const* kDeviceTypes[] = {
    nullptr,
    "BEEP",
    "CD_ROM",
    "CD_ROM_FILE_SYSTEM",
    "CONTROLLER",
    "DATALINK",
    "DFS",
    "DISK",
    "DISK_FILE_SYSTEM",
    "FILE_SYSTEM",
    "INPORT_PORT",
    "KEYBOARD",
    "MAILSLOT",
    "MIDI_IN",
    "MIDI_OUT",
    "MOUSE",
    "MULTI_UNC_PROVIDER",
    "NAMED_PIPE",
    "NETWORK",
    "NETWORK_BROWSER",
    "NETWORK_FILE_SYSTEM",
    "NULL",
    "PARALLEL_PORT",
    "PHYSICAL_NETCARD",
    "PRINTER",
    "SCANNER",
    "SERIAL_MOUSE_PORT",
    "SERIAL_PORT",
    "SCREEN",
    "SOUND",
    "STREAMS",
    "TAPE",
    "TAPE_FILE_SYSTEM",
    "TRANSPORT",
    "UNKNOWN",
    "VIDEO",
    "VIRTUAL_DISK",
    "WAVE_IN",
    "WAVE_OUT",
    "8042_PORT",
    "NETWORK_REDIRECTOR",
    "BATTERY",
    "BUS_EXTENDER",
    "MODEM",
    "VDM",
    "MASS_STORAGE",
    "SMB",
    "KS",
    "CHANGER",
    "SMARTCARD",
    "ACPI",
    "DVD",
    "FULLSCREEN_VIDEO",
    "DFS_FILE_SYSTEM",
    "DFS_VOLUME",
    "SERENUM",
    "TERMSRV",
    "KSEC",
    "FIPS",
    "INFINIBAND",
    nullptr,
    nullptr,
    "VMBUS",
    "CRYPT_PROVIDER",
};
static_assert(std::size(kDeviceTypes) == nt::FILE_DEVICE_CRYPT_PROVIDER + 1);

constexpr std::array<char const*, 4> kMethods { "BUFFERED", "IN_DIRECT", "OUT_DIRECT", "NEITHER" };
constexpr std::array<char const*, 4> kAccesses {
    "FILE_ANY_ACCESS",
    "FILE_READ_DATA",
    "FILE_WRITE_DATA",
    "FILE_READ_DATA | FILE_WRITE_DATA",
};

// Letters to capitals, '-' to '_', blanks left out: "in-direct" is IN_DIRECT.
std::string folded(std::string_view text)
{
    std::string result;
    for (char c : text)
        if (c != ' ')
            result += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return result;
}

bool is_number(std::string const& word) { return !word.empty() && word[0] >= '0' && word[0] <= '9'; }

uint32_t number(std::string_view option, std::string const& word, uint64_t maximum)
{
    return static_cast<uint32_t>(
        parse_number(option, word[0] == '0' && word[1] == 'X' ? "0x" + word.substr(2) : word, maximum));
}

uint32_t device_type(std::string_view option, std::string word)
{
    if (is_number(word))
        return number(option, word, 0xFFFF);
    std::string_view name = word;
    if (name.starts_with("FILE_DEVICE_"))
        name.remove_prefix(12);
    for (uint32_t type = 0; type < std::size(kDeviceTypes); ++type)
        if (kDeviceTypes[type] && name == kDeviceTypes[type])
            return type;
    usage("{}: '{}' is no device type: write a number, or a name like FILE_DEVICE_UNKNOWN", option, harmless(word));
}

uint32_t method(std::string_view option, std::string word)
{
    if (is_number(word))
        return number(option, word, 3);
    std::string_view name = word;
    if (name.starts_with("METHOD_"))
        name.remove_prefix(7);
    for (uint32_t i = 0; i < kMethods.size(); ++i)
        if (name == kMethods[i])
            return i;
    usage("{}: '{}' is no transfer method (buffered, in-direct, out-direct, neither)", option, harmless(word));
}

uint32_t access(std::string_view option, std::string const& word)
{
    if (is_number(word))
        return number(option, word, 3);
    uint32_t bits = 0;
    for (std::string_view part : split(word, '|')) {
        if (part == "READ" || part == "FILE_READ_DATA" || part == "FILE_READ_ACCESS")
            bits |= 1;
        else if (part == "WRITE" || part == "FILE_WRITE_DATA" || part == "FILE_WRITE_ACCESS")
            bits |= 2;
        else if (part != "ANY" && part != "FILE_ANY_ACCESS" && part != "FILE_SPECIAL_ACCESS")
            usage("{}: '{}' is no access (any, read, write, read|write)", option, harmless(word));
    }
    return bits;
}

} // namespace

ControlCode parse_control_code(std::string_view option, std::string_view text)
{
    std::string all = folded(text);
    if (all.starts_with("CTL_CODE(") && all.ends_with(")"))
        all = all.substr(9, all.size() - 10);
    auto parts = split(all, ',');
    if (parts.size() == 1)
        return { static_cast<uint32_t>(parse_number(option, text, 0xFFFFFFFF)) };
    if (parts.size() != 4)
        usage("{}: '{}' is no control code: write 0x80002000, or device,function,method,access", option,
              harmless(text));
    uint32_t type = device_type(option, std::string(parts[0]));
    std::string function_word(parts[1]);
    if (!is_number(function_word))
        usage("{}: '{}' is no function number", option, harmless(function_word));
    uint32_t function = number(option, function_word, 0xFFF);
    uint32_t how = method(option, std::string(parts[2]));
    return { type << 16 | access(option, std::string(parts[3])) << 14 | function << 2 | how };
}

std::string method_name(uint32_t method) { return fmt::format("METHOD_{}", kMethods[method & 3]); }

std::string access_name(uint32_t access) { return kAccesses[access & 3]; }

std::string device_type_name(uint32_t type)
{
    if (type < std::size(kDeviceTypes) && kDeviceTypes[type])
        return fmt::format("FILE_DEVICE_{}", kDeviceTypes[type]);
    return fmt::format("0x{:x}", type);
}

std::string control_code_words(ControlCode code)
{
    std::string type = device_type_name(code.device_type());
    return fmt::format("{}{}, function 0x{:x}, {}, {}", type.starts_with("0x") ? "device " : "", type, code.function(),
                       method_name(code.method()), access_name(code.access()));
}

} // namespace ringside::cli
