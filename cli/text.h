// SPDX-License-Identifier: MIT
// Text in and out: numbers and bytes as they are typed, bytes and words as they are shown.
#pragma once

#include <ringside/ringside.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::cli {

// A decimal number, or a hexadecimal one after 0x. Usage, naming the option, for anything else and above the maximum.
uint64_t parse_number(std::string_view option, std::string_view text, uint64_t maximum = ~uint64_t { 0 });
// Seconds: a decimal number with or without a fraction.
double parse_seconds(std::string_view option, std::string_view text);

// "68 65 6c 6c 6f", "68656c6c6f", "@file" or "text:hello".
Bytes parse_bytes(std::string_view option, std::string_view text);

// A whole file, or Usage with the reason in words.
Bytes read_input_file(std::string const& path);
// BadUse with the reason in words.
void write_output_file(std::string const& path, std::string_view contents);

std::string hex(std::span<std::byte const> bytes);
// Lines of sixteen bytes: offset, hexadecimal, printable characters. Says how many bytes it left out.
std::vector<std::string> dump_lines(std::span<std::byte const> bytes, size_t bytes_max);

// Control characters, which could make a terminal lie, as \xNN.
std::string harmless(std::string_view text);
// As a POSIX shell wants it: in single quotes where it needs any.
std::string shell_quoted(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
// "1 byte", "5 bytes".
std::string counted(uint64_t count, std::string_view noun);
std::string join(std::vector<std::string> const& words, std::string_view separator);

// "STATUS_SUCCESS", or "0xC0001234".
std::string status_name(int32_t status);
std::string irql_name(uint8_t irql);

} // namespace ringside::cli
