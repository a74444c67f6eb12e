// SPDX-License-Identifier: MIT
// What the C face's tests share: a machine that is closed with its variable, and results as values.
#pragma once

#include <ringside.h>

#include "drivers/wild.h"
#include "ioctl/ioctl.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside::test {

inline std::string driver_path(std::string const& name) { return RINGSIDE_DRIVERS "/" + name + ".sys"; }

enum class Where { Child, InProcess };

inline ringside_options usual(Where where = Where::Child)
{
    ringside_options options;
    EXPECT_EQ(ringside_options_init(&options, sizeof options), RINGSIDE_OK);
    options.in_process = where == Where::InProcess;
    options.program = RINGSIDE_PROGRAM_PATH;
    return options;
}

inline std::string error(ringside_machine machine = 0) { return ringside_last_error(machine); }

// Takes over text that a function returned.
inline std::string taken(char* text)
{
    std::string copy = text ? text : "(null)";
    ringside_free(text);
    return copy;
}

struct Booted {
    explicit Booted(ringside_options const& options = usual())
    {
        EXPECT_EQ(ringside_boot(&options, &handle), RINGSIDE_OK) << error();
    }
    ~Booted() { close(); }
    Booted(Booted const&) = delete;
    Booted& operator=(Booted const&) = delete;
    void close()
    {
        if (handle)
            EXPECT_EQ(ringside_close(handle), RINGSIDE_OK) << error();
        handle = 0;
    }
    ringside_driver load(std::string const& name)
    {
        ringside_driver driver = 0;
        int32_t status = -1;
        EXPECT_EQ(ringside_load(handle, driver_path(name).c_str(), &driver, &status), RINGSIDE_OK) << error();
        EXPECT_EQ(status, 0);
        return driver;
    }
    ringside_file open(char const* path)
    {
        ringside_file file = 0;
        int32_t status = -1;
        EXPECT_EQ(ringside_open(handle, path, RINGSIDE_READ_WRITE, RINGSIDE_SHARE_ALL, &file, &status), RINGSIDE_OK)
            << error();
        EXPECT_EQ(status, 0);
        return file;
    }
    void expect_quiet() { EXPECT_EQ(ringside_expect_quiet(handle), RINGSIDE_OK) << error(handle); }

    ringside_machine handle = 0;
};

inline constexpr char const* kIoctlDevice = R"(\\.\RingsideIoctl)";
inline constexpr char const* kWildDevice = R"(\\.\Wild)";
inline constexpr char const* kEndsDevice = R"(\\.\Ends)";

// The result of the call; the reply's parts are in the members.
struct Asked {
    int result = -1;
    ringside_reply reply {};
    std::string bytes;
};

inline Asked ioctl(ringside_file file, uint32_t code, std::string_view in = {}, size_t room = 0)
{
    Asked asked;
    asked.bytes.resize(room);
    asked.result = ringside_ioctl(file, code, in.data(), in.size(), asked.bytes.data(), room, &asked.reply);
    asked.bytes.resize(asked.result == RINGSIDE_OK ? asked.reply.bytes : 0);
    return asked;
}

inline Asked ioctl(ringside_file file, uint32_t code, int32_t number, size_t room = 0)
{
    return ioctl(file, code, std::string_view(reinterpret_cast<char const*>(&number), sizeof number), room);
}

} // namespace ringside::test
