// SPDX-License-Identifier: MIT
// What a person gets wrong: one clear line on standard error, nothing on standard output, exit code 1.
#include "program.h"

#include <ringside/windows.h>

namespace ringside::test {
namespace {

struct Wrong {
    std::vector<std::string> words; // "DRIVER" stands for a good driver's path
    std::string line;
};

Wrong const kWrong[] = {
    { { "dance" }, "no verb is named 'dance'; there are: run, inspect, ddi (see ringside --help)" },
    { { "run" }, "no driver is named; see ringside run --help" },
    { { "inspect" }, "no driver is named; see ringside inspect --help" },
    { { "ddi" }, "give a name, or --list" },
    { { "run", "no/such.sys" }, "no/such.sys: No such file or directory" },
    { { "run", "/" }, "/: is a folder, not a file" },
    { { "run", "/dev/null" }, "/dev/null: is not a regular file" },
    { { "inspect", "no/such.sys" }, "no/such.sys: No such file or directory" },
    { { "run", "DRIVER", "--dance" }, "The following argument was not expected: --dance" },
    { { "run", "DRIVER", "--in", "00" }, "--in: stands behind no --ioctl" },
    { { "run", "DRIVER", "--out", "1" }, "--out: stands behind no --ioctl" },
    { { "run", "DRIVER", "--ioctl", "1", "--at", "1" }, "--at: stands behind no --read or --write" },
    { { "run", "DRIVER", "--ioctl", "1", "--in", "123" }, "--in: '123' has an odd number of hexadecimal digits" },
    { { "run", "DRIVER", "--ioctl", "1", "--in", "hello" },
      "--in: 'hello' is not hexadecimal; text is written text:..., a file @path" },
    { { "run", "DRIVER", "--ioctl", "1", "--in", "@no/such" }, "no/such: No such file or directory" },
    { { "run", "DRIVER", "--ioctl", "1", "--in", "00", "--in", "00" }, "--in: stands twice behind one --ioctl" },
    { { "run", "DRIVER", "--ioctl", "1", "--out", "16777217" }, "--out: 16777217 is too large (at most 16777216)" },
    { { "run", "DRIVER", "--ioctl", "1", "--out", "2", "--second", "00" },
      "--out and --second: both are the --ioctl's second buffer" },
    { { "run", "DRIVER", "--ioctl", "0x100000000" }, "--ioctl: 0x100000000 is too large (at most 4294967295)" },
    { { "run", "DRIVER", "--ioctl", "1,2,3" },
      "--ioctl: '1,2,3' is no control code: write 0x80002000, or device,function,method,access" },
    { { "run", "DRIVER", "--ioctl", "unknown,0x1000,neither,any" }, "--ioctl: 0x1000 is too large (at most 4095)" },
    { { "run", "DRIVER", "--ioctl", "unknown,1,sideways,any" },
      "--ioctl: 'SIDEWAYS' is no transfer method (buffered, in-direct, out-direct, neither)" },
    { { "run", "DRIVER", "--seed", "seven" }, "--seed: 'seven' is not a number" },
    { { "run", "DRIVER", "--seeds", "7" }, "--seeds: '7' is not a range; write 1..200" },
    { { "run", "DRIVER", "--seeds", "7..3" }, "--seeds: 7..3 is an empty range" },
    { { "run", "DRIVER", "--processors", "0" }, "--processors: a machine has at least one" },
    { { "run", "DRIVER", "--checks", "all" }, "--checks: 'all' is none of bare, observed, verified" },
    { { "run", "DRIVER", "--faults", "often" },
      "--faults: 'often' is neither nth:N nor swarm:ON,FIRE (two percentages)" },
    { { "run", "DRIVER", "--hang", "-1" }, "--hang: '-1' is not a number of seconds" },
    { { "run", "DRIVER", "--reg", "no/such.reg" }, "no/such.reg: No such file or directory" },
    { { "run", "DRIVER", "--hive", "HKLM\\SOFTWARE" },
      "--hive: 'HKLM\\SOFTWARE' is not KEY=FILE, such as 'HKLM\\SOFTWARE=SOFTWARE.hiv'" },
    { { "run", "DRIVER", "--hive", "HKLM\\SOFTWARE=no/such" }, "no/such: No such file or directory" },
    { { "run", "DRIVER", "--save-hive", "HKLM=" },
      "--save-hive: 'HKLM=' is not KEY=FILE, such as 'HKLM\\SOFTWARE=SOFTWARE.hiv'" },
    { { "run", "DRIVER", "--export-reg", "HKLM\\SOFTWARE=x", "--seeds", "1..2" },
      "--save-hive and --export-reg: take one seed, not a range" },
    { { "run", "DRIVER", "--log=x" }, "--log: 'x' is not a number" },
};

} // namespace

TEST(Usage, OneClearLine)
{
    for (Wrong const& wrong : kWrong) {
        auto words = wrong.words;
        for (std::string& word : words)
            if (word == "DRIVER")
                word = driver("ioctl");
        Said said = ringside(words);
        EXPECT_EQ(said.err, "ringside: " + wrong.line + "\n");
        EXPECT_EQ(said.out, "");
        EXPECT_EQ(said.code, 1) << wrong.line;
    }
}

TEST(Usage, AnUnknownWindowsListsThem)
{
    Said said = ringside({ "run", driver("ioctl"), "--windows", "win95" });
    std::string names;
    for (auto const& profile : kWindowsProfiles)
        names += (names.empty() ? "" : ", ") + std::string(profile.name);
    EXPECT_EQ(said.err, "ringside: --windows: no Windows is named 'win95'; there are: " + names + "\n");
    EXPECT_EQ(said.code, 1);
}

TEST(Usage, AnUnknownRuleListsThem)
{
    Said said = ringside({ "run", driver("ioctl"), "--rule-off", "Politeness" });
    EXPECT_EQ(said.err.rfind("ringside: --rule-off: no rule is named 'Politeness'; there are: ", 0), 0u) << said.err;
    EXPECT_NE(said.err.find("DoubleCompletion"), std::string::npos) << said.err;
    EXPECT_EQ(said.code, 1);
}

TEST(Usage, HelpAndVersion)
{
    for (auto words : std::vector<std::vector<std::string>> {
             { "--help" }, { "run", "--help" }, { "inspect", "--help" }, { "ddi", "--help" } }) {
        Said said = ringside(words);
        EXPECT_EQ(said.code, 0);
        EXPECT_NE(said.out.find("ringside"), std::string::npos);
        EXPECT_EQ(said.err, "");
    }
    EXPECT_EQ(ringside({ "--version" }).out.rfind("ringside ", 0), 0u);
    EXPECT_EQ(ringside({}).code, 1);
}

// Files that are no x64 drivers, for both verbs.
TEST(Usage, BadImages)
{
    std::string good = bytes_of_file(driver("ioctl"));
    ASSERT_GT(good.size(), 4096u);
    std::string arm = good;
    uint32_t pe = 0;
    memcpy(&pe, good.data() + 0x3C, 4);
    uint16_t machine = 0xAA64;
    memcpy(arm.data() + pe + 4, &machine, 2);
    struct {
        char const* name;
        std::string bytes;
    } const bad[] = {
        { "empty.sys", "" },
        { "text.sys", "This is not a driver.\n" },
        { "short.sys", good.substr(0, 100) },
        { "truncated.sys", good.substr(0, 0x1200) },
        { "arm64.sys", arm },
    };
    for (auto const& [name, bytes] : bad) {
        TemporaryFile file(name, bytes);
        for (char const* verb : { "run", "inspect" }) {
            Said said = ringside({ verb, file.path() });
            EXPECT_EQ(said.err.rfind("ringside: " + file.path() + ": ", 0), 0u) << name << ": " << said.err;
            EXPECT_EQ(std::count(said.err.begin(), said.err.end(), '\n'), 1) << said.err;
            EXPECT_EQ(said.out, "") << name;
            EXPECT_EQ(said.code, 1) << name;
        }
    }
}

} // namespace ringside::test
