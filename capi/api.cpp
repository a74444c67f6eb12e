// SPDX-License-Identifier: MIT
// The C face: the library itself, errors, and the parts that all functions share.
#include "api.h"

#include "machine/views.h"

#include <cstdlib>
#include <cstring>
#include <exception>

namespace ringside::capi {

std::string_view needed_text(char const* text, char const* name) { return &needed(text, name); }

std::span<std::byte const> given_bytes(void const* from, size_t size, char const* name)
{
    if (!from && size != 0)
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("{} is null, but its size is {}", name, size));
    if (size > kBufferBytesMax)
        throw Refused(RINGSIDE_BAD_ARGUMENT,
                      fmt::format("{} has {} bytes; at most {} can be passed", name, size, kBufferBytesMax));
    return { static_cast<std::byte const*>(from), size };
}

void check_room(void const* room, size_t size) { (void)given_bytes(room, size, "out"); }

void check_structure(size_t size, size_t first_version, char const* name)
{
    // Larger is not a structure of a later version, but a size that nobody set.
    constexpr size_t kStructureBytesMax = 1 << 16;
    if (size < first_version || size > kStructureBytesMax)
        throw Refused(RINGSIDE_BAD_ARGUMENT,
                      fmt::format("{}.size is {}; it is sizeof the structure, at least {}", name, size, first_version));
}

uint32_t other_handle(uint64_t handle, Kind kind, uint64_t own, char const* name)
{
    if (handle == 0)
        return 0;
    if (!is_kind(handle, kind) || machine_of(handle) != machine_of(own))
        throw Refused(RINGSIDE_BAD_HANDLE,
                      fmt::format("{}: the handle 0x{:x} is not {} of this machine", name, handle, kind_name(kind)));
    return number_of(handle);
}

char* copied_text(std::string_view text)
{
    auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
    if (!copy)
        throw std::bad_alloc();
    // Its end is the first zero byte for whoever reads it.
    size_t at = 0;
    for (char letter : text)
        copy[at++] = letter == '\0' ? ' ' : letter;
    copy[at] = '\0';
    return copy;
}

void* copied_bytes(std::span<std::byte const> bytes)
{
    void* copy = std::malloc(bytes.size() + 1); // never null for an empty one
    if (!copy)
        throw std::bad_alloc();
    if (!bytes.empty())
        std::memcpy(copy, bytes.data(), bytes.size());
    return copy;
}

int plain_call(char const* function, uint64_t handle, Kind kind, CallCode call)
{
    return guarded(function, handle, [&] { exchange(handle, kind, call, nothing_to_write, nothing_to_read); });
}

int flag_call(char const* function, uint64_t handle, Kind kind, CallCode call, int* flag, char const* name)
{
    return guarded(function, handle, [&] {
        int& into = needed(flag, name);
        bool told = false;
        exchange(handle, kind, call, nothing_to_write, [&](Reader& reply, Exchange&) { told = reply.flag(); });
        into = told;
    });
}

int number_call(char const* function, uint64_t handle, Kind kind, CallCode call, uint64_t* number, char const* name)
{
    return guarded(function, handle, [&] {
        uint64_t& into = needed(number, name);
        uint64_t told = 0;
        exchange(handle, kind, call, nothing_to_write,
                 [&](Reader& reply, Exchange&) { told = reply.number<uint64_t>(); });
        into = told;
    });
}

void read_reply(Reader& in, Exchange& exchange, void* out, size_t out_bytes, ringside_reply& reply)
{
    auto const status = in.number<int32_t>();
    auto const information = in.number<uint64_t>();
    auto const bytes = in.bytes();
    exchange.expect_whole();
    if (bytes.size() > out_bytes)
        exchange.nonsense();
    if (!bytes.empty())
        std::memcpy(out, bytes.data(), bytes.size());
    reply = { status, 0, information, bytes.size() };
}

int text_call(char const* function, uint64_t handle, Kind kind, CallCode call, char** text, char const* name)
{
    return guarded(function, handle, [&] {
        char*& into = needed(text, name);
        exchange(handle, kind, call, nothing_to_write, [&](Reader& reply, Exchange& exchange) {
            auto const told = reply.text();
            exchange.expect_whole();
            into = copied_text(told);
        });
    });
}

namespace {

std::string lines(std::vector<std::string> const& names)
{
    std::string text;
    for (std::string const& name : names)
        text += name + '\n';
    return text;
}

} // namespace

} // namespace ringside::capi

using namespace ringside;
using namespace ringside::capi;

char const* ringside_result_name(int result)
{
    switch (result) {
#define RINGSIDE_NAME(name)                                                                                            \
    case name:                                                                                                         \
        return #name
        RINGSIDE_NAME(RINGSIDE_OK);
        RINGSIDE_NAME(RINGSIDE_BAD_ARGUMENT);
        RINGSIDE_NAME(RINGSIDE_BAD_HANDLE);
        RINGSIDE_NAME(RINGSIDE_BAD_IMAGE);
        RINGSIDE_NAME(RINGSIDE_BAD_USE);
        RINGSIDE_NAME(RINGSIDE_NOT_QUIET);
        RINGSIDE_NAME(RINGSIDE_NO_MEMORY);
        RINGSIDE_NAME(RINGSIDE_NO_PROGRAM);
        RINGSIDE_NAME(RINGSIDE_DIED);
        RINGSIDE_NAME(RINGSIDE_TIMED_OUT);
        RINGSIDE_NAME(RINGSIDE_PROTOCOL);
        RINGSIDE_NAME(RINGSIDE_BUSY);
        RINGSIDE_NAME(RINGSIDE_WRONG_THREAD);
        RINGSIDE_NAME(RINGSIDE_OUR_BUG);
#undef RINGSIDE_NAME
    }
    return "RINGSIDE_?";
}

char const* ringside_last_error(ringside_machine machine)
{
    try {
        return last_error(machine);
    } catch (...) {
        return "this process has no memory left";
    }
}

void ringside_free(void* returned) { std::free(returned); }

char const* ringside_version(void) { return RINGSIDE_VERSION; }
uint32_t ringside_api_version(void) { return RINGSIDE_API_VERSION; }

int ringside_status_name(int32_t status, char** name)
{
    return guarded(__func__, 0, [&] {
        char*& into = needed(name, "name");
        into = copied_text(machine::status_name(status));
    });
}

int ringside_rules(char** lines)
{
    return guarded(__func__, 0, [&] {
        char*& into = needed(lines, "lines");
        into = copied_text(capi::lines(Machine::rules()));
    });
}

int ringside_windows_releases(char** lines)
{
    return guarded(__func__, 0, [&] {
        char*& into = needed(lines, "lines");
        std::vector<std::string> names;
        for (auto const& profile : kWindowsProfiles)
            names.emplace_back(profile.name);
        into = copied_text(capi::lines(names));
    });
}
