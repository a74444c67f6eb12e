// SPDX-License-Identifier: MIT
#include "text.h"

#include "usage.h"

#include "machine/views.h"
#include "nt/irql.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sys/stat.h>

namespace ringside::cli {

uint64_t parse_number(std::string_view option, std::string_view text, uint64_t maximum)
{
    std::string_view digits = text;
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        digits.remove_prefix(2);
        base = 16;
    }
    uint64_t value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error == std::errc::result_out_of_range || (error == std::errc {} && value > maximum))
        usage("{}: {} is too large (at most {})", option, harmless(text), maximum);
    if (error != std::errc {} || end != digits.data() + digits.size())
        usage("{}: '{}' is not a number", option, harmless(text));
    return value;
}

double parse_seconds(std::string_view option, std::string_view text)
{
    double value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc {} || end != text.data() + text.size() || !std::isfinite(value) || value < 0 || value > 1e6)
        usage("{}: '{}' is not a number of seconds", option, harmless(text));
    return value;
}

namespace {

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

Bytes bytes_of(std::string_view text)
{
    Bytes bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

} // namespace

Bytes parse_bytes(std::string_view option, std::string_view text)
{
    if (text.starts_with("text:"))
        return bytes_of(text.substr(5));
    if (text.starts_with("@"))
        return read_input_file(std::string(text.substr(1)));
    Bytes bytes;
    int high = -1;
    if (text.starts_with("0x") || text.starts_with("0X"))
        text.remove_prefix(2);
    for (char c : text) {
        if (c == ' ' || c == ',' || c == ':' || c == '-')
            continue;
        int digit = hex_digit(c);
        if (digit < 0)
            usage("{}: '{}' is not hexadecimal; text is written text:..., a file @path", option, harmless(text));
        if (high < 0)
            high = digit;
        else {
            bytes.push_back(static_cast<std::byte>(high << 4 | digit));
            high = -1;
        }
    }
    if (high >= 0)
        usage("{}: '{}' has an odd number of hexadecimal digits", option, harmless(text));
    return bytes;
}

Bytes read_input_file(std::string const& path)
{
    struct stat facts {};
    if (stat(path.c_str(), &facts) != 0)
        usage("{}: {}", path, std::strerror(errno));
    if (S_ISDIR(facts.st_mode))
        usage("{}: is a folder, not a file", path);
    if (!S_ISREG(facts.st_mode))
        usage("{}: is not a regular file", path);
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    if (!file)
        usage("{}: {}", path, std::strerror(errno));
    constexpr off_t kBytesMax = off_t { 256 } << 20;
    if (facts.st_size > kBytesMax)
        usage("{}: is larger than 256 MiB", path);
    Bytes bytes(static_cast<size_t>(facts.st_size));
    if (std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size())
        usage("{}: could not be read to its end", path);
    return bytes;
}

void write_output_file(std::string const& path, std::string_view contents)
{
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    bool written = file && std::fwrite(contents.data(), 1, contents.size(), file) == contents.size();
    int error = errno;
    if (file && std::fclose(file) != 0) {
        written = false;
        error = errno;
    }
    if (!written)
        throw BadUse(path + ": " + std::strerror(error));
}

std::string hex(std::span<std::byte const> bytes)
{
    std::string text;
    text.reserve(bytes.size() * 2);
    for (std::byte byte : bytes)
        fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned>(byte));
    return text;
}

std::vector<std::string> dump_lines(std::span<std::byte const> bytes, size_t bytes_max)
{
    constexpr size_t kPerLine = 16;
    std::vector<std::string> lines;
    size_t shown = std::min(bytes.size(), bytes_max);
    for (size_t at = 0; at < shown; at += kPerLine) {
        size_t count = std::min(kPerLine, shown - at);
        std::string digits;
        std::string characters;
        for (size_t i = 0; i < count; ++i) {
            unsigned byte = static_cast<unsigned>(bytes[at + i]);
            digits += fmt::format("{}{:02x}", i == kPerLine / 2 ? "  " : i ? " " : "", byte);
            characters += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
        }
        std::string line = fmt::format("{:04x}  {:48}  {}", at, digits, characters);
        lines.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
    }
    if (shown < bytes.size())
        lines.push_back(fmt::format("and {} more", counted(bytes.size() - shown, "byte")));
    return lines;
}

std::string harmless(std::string_view text)
{
    std::string result;
    for (char c : text) {
        unsigned char byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F)
            result += fmt::format("\\x{:02x}", byte);
        else
            result += c;
    }
    return result;
}

std::string shell_quoted(std::string_view text)
{
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:@%,";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos)
        return std::string(text);
    std::string result = "'";
    for (char c : text) {
        if (c == '\'')
            result += "'\\''";
        else
            result += c;
    }
    return result + "'";
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (;;) {
        size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos)
            return parts;
        text.remove_prefix(at + 1);
    }
}

std::string counted(uint64_t count, std::string_view noun)
{
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string join(std::vector<std::string> const& words, std::string_view separator)
{
    return fmt::format("{}", fmt::join(words, separator));
}

std::string status_name(int32_t status) { return machine::status_name(status); }

std::string irql_name(uint8_t irql)
{
    switch (irql) {
    case nt::PASSIVE_LEVEL:
        return "PASSIVE_LEVEL";
    case nt::APC_LEVEL:
        return "APC_LEVEL";
    case nt::DISPATCH_LEVEL:
        return "DISPATCH_LEVEL";
    case nt::HIGH_LEVEL:
        return "HIGH_LEVEL";
    default:
        return fmt::format("IRQL {}", irql);
    }
}

} // namespace ringside::cli
