// SPDX-License-Identifier: MIT
// `ringside run`: what a person reads, what a program reads, and the command that replays a failing run.
#include "program.h"

#include <nlohmann/json.hpp>

namespace ringside::test {
namespace {

using Json = nlohmann::json;

std::vector<std::string> const kFourCodes {
    "--ioctl",    "0x80002000", "--in",        "text:hello", "--out",      "16",         "--ioctl",
    "0x80002005", "--in",       "06 00 00 00", "--second",   "text:WORLD", "--ioctl",    "0x8000,0x802,out-direct,any",
    "--in",       "00000000",   "--out",       "32",         "--ioctl",    "0x8000200f", "--in",
    "text:loud",  "--out",      "16",          "--read",     "4",          "--at",       "6"
};

std::vector<std::string> run(std::string const& name, std::vector<std::string> more)
{
    more.insert(more.begin(), { "run", driver(name) });
    return more;
}

std::vector<std::string> and_more(std::vector<std::string> words, std::vector<std::string> const& more)
{
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

// The words of the replay line, as a shell takes them apart; no word of ours holds a quote.
Said replay(std::string const& line) { return run_any("/bin/sh", { "-c", line.substr(line.find("replay: ") + 8) }); }

} // namespace

TEST(Run, TheTeachingDriver)
{
    Said said = ringside(run("ioctl", kFourCodes));
    EXPECT_EQ(settled(said.out), golden("cli_run_ioctl.txt", settled(said.out)));
    EXPECT_EQ(said.err, "");
    EXPECT_EQ(said.code, 0);
}

// Shows: drivers are started in the order of their kinds, however they are given, and the replay line says the same.
TEST(Run, DriversAreStartedByKind)
{
    Said said = ringside({ "run", driver("ends"), "--system-start", driver("phases"), "--boot-start", driver("bell"),
                           "--open", "\\\\.\\Ends", "--ioctl", "0x8000202c" });
    EXPECT_EQ(said.code, 2) << said.err;
    EXPECT_LT(said.out.find("bell.sys"), said.out.find("phases.sys"));
    EXPECT_LT(said.out.find("phases.sys"), said.out.find("ends.sys"));
    EXPECT_NE(said.err.find("phases: others have started 1"), std::string::npos) << said.err;
    EXPECT_EQ(said.err.find("phases: boot devices are there"), std::string::npos);
    EXPECT_EQ(settled(replay(said.out).out), settled(said.out));
}

// Same seed, same log: whatever the process, and with the machine in it or beside it.
TEST(Run, TheSameTwice)
{
    auto words = run("ioctl", and_more(kFourCodes, { "--seed", "99" }));
    std::string once = ringside(words).out;
    EXPECT_EQ(once, ringside(words).out);
    words.push_back("--in-process");
    EXPECT_EQ(once, ringside(words).out);
}

TEST(Run, Json)
{
    Said said = ringside(run("ioctl", and_more(kFourCodes, { "--json" })));
    EXPECT_EQ(said.code, 0);
    Json run = Json::parse(said.out);
    EXPECT_EQ(run.at("exit_code"), 0);
    EXPECT_EQ(run.at("machine").at("seed"), 1);
    EXPECT_EQ(run.at("drivers").at(0).at("status_name"), "STATUS_SUCCESS");
    EXPECT_EQ(run.at("devices").at(0).at("links"), Json::array({ R"(\\.\RingsideIoctl)" }));
    auto const& reverse = run.at("steps").at(1);
    EXPECT_EQ(reverse.at("step"), "ioctl");
    EXPECT_EQ(reverse.at("method"), "METHOD_BUFFERED");
    EXPECT_EQ(reverse.at("status_name"), "STATUS_SUCCESS");
    EXPECT_EQ(reverse.at("information"), 5);
    EXPECT_EQ(reverse.at("bytes"), "6f6c6c6568");
    EXPECT_EQ(run.at("report").at("end"), "clean");
    EXPECT_EQ(run.at("report").at("leaks"), Json::array());
    EXPECT_FALSE(run.contains("replay"));
}

// Shows: the driver is told that the program has 32 bits, and so is who reads; the replay line says it, too.
TEST(Run, A32BitProgram)
{
    std::vector<std::string> const bits { "--ioctl", "0x80002008", "--out", "4" };
    Said const wide = ringside(run("widths", and_more(bits, { "--json" })));
    Said const narrow = ringside(run("widths", and_more(bits, { "--json", "--wow64" })));
    ASSERT_EQ(wide.code, 0);
    ASSERT_EQ(narrow.code, 0);
    EXPECT_NE(wide.out.find("40000000"), std::string::npos);
    EXPECT_NE(narrow.out.find("20000000"), std::string::npos);
    Said const told = ringside(run("widths", and_more(bits, { "--wow64" })));
    EXPECT_NE(told.out.find(", 32-bit program\n"), std::string::npos);
    Said const broken = ringside(run("museum_double_completion", { "--ioctl", "0x80002000", "--wow64" }));
    EXPECT_NE(broken.out.find(" --wow64 "), std::string::npos);
    EXPECT_EQ(replay(broken.out).out, broken.out);
}

TEST(Run, SeedsInTurn)
{
    Said said = ringside(run("ioctl", { "--seeds", "3..5", "--read", "1" }));
    EXPECT_EQ(settled(said.out),
              "seed 3    clean, N events, hash H\n"
              "seed 4    clean, N events, hash H\n"
              "seed 5    clean, N events, hash H\n"
              "result    clean with every seed from 3 to 5\n");
    EXPECT_EQ(said.code, 0);
}

TEST(Run, NothingToSendTo)
{
    Said said = ringside(run("ioctl", { "--open", R"(\\.\Nobody)", "--read", "1" }));
    EXPECT_NE(said.out.find("open      \\\\.\\Nobody  STATUS_OBJECT_NAME_NOT_FOUND\n"), std::string::npos) << said.out;
    EXPECT_EQ(said.out.find("read "), std::string::npos);
    EXPECT_EQ(said.code, 0);
}

TEST(Run, RegistryFileInUtf16)
{
    std::string text = "\xFF\xFE";
    for (char c :
         std::string("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet"
                     "\\Services\\ioctl\\Parameters]\r\n\"Slots\"=dword:00000002\r\n"))
        text += { c, '\0' };
    TemporaryFile good("good.reg", text);
    EXPECT_EQ(ringside(run("ioctl", { "--reg", good.path(), "--reg", R"(Parameters\More=dword:1)" })).code, 0);
    TemporaryFile cut("cut.reg", text.substr(0, text.size() - 1));
    Said said = ringside(run("ioctl", { "--reg", cut.path() }));
    EXPECT_EQ(said.err, "ringside: " + cut.path() + ": ends inside a UTF-16 character\n");
    EXPECT_EQ(said.code, 1);
}

// A key is written as a hive after one run and loaded before the next, which exports it.
// Shows: the values made the round; what is no hive, and a key that is not there, is told in one line.
TEST(Run, HivesInAndOut)
{
    TemporaryFile hive("saved.hiv", ""), text("saved.reg", "");
    std::string const key = R"(HKLM\SOFTWARE\Ours)";
    EXPECT_EQ(
        ringside(run("ioctl", { "--reg", key + R"(\Number=dword:12345678)", "--save-hive", key + "=" + hive.path() }))
            .code,
        0);
    Said const said = ringside(run("ioctl",
                                   { "--hive", R"(HKLM\SOFTWARE\Theirs=)" + hive.path(), "--export-reg",
                                     R"(HKLM\SOFTWARE\Theirs=)" + text.path() }));
    EXPECT_EQ(said.code, 0) << said.err;
    std::ifstream file(text.path());
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}),
              "\xEF\xBB\xBFWindows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Theirs]\r\n"
              "\"Number\"=dword:12345678\r\n");
    Said const refused = ringside(run("ioctl", { "--hive", key + "=" + text.path() }));
    EXPECT_EQ(refused.err, "ringside: the hive for " + key + ": too short for a hive: 106 bytes\n");
    EXPECT_EQ(refused.code, 1);
    Said const missing = ringside(run("ioctl", { "--save-hive", R"(HKLM\Nothing=)" + hive.path() }));
    EXPECT_NE(missing.out.find(R"(HKLM\Nothing: no such key)"), std::string::npos) << missing.out;
    EXPECT_EQ(missing.code, 1);
}

// A rule is broken: bug check, words, the routine's name and line, and the last line replays it.
TEST(Run, ABrokenRuleAndItsReplay)
{
    Said said = ringside(
        run("museum_double_completion", { "--ioctl", "0x80002000", "--seed", "7", "--explore", "--processors", "3" }));
    EXPECT_EQ(said.code, 2);
    EXPECT_EQ(settled(said.out), golden("cli_run_double_completion.txt", settled(said.out)));
    std::string line = last_line(said.out);
    EXPECT_EQ(settled(line),
              "replay: ringside run museum_double_completion.sys --ioctl 0x80002000 --processors 3 "
              "--explore --seed 7");
    Said again = replay(line);
    EXPECT_EQ(again.out, said.out);
    EXPECT_EQ(again.code, 2);
}

TEST(Run, AFailingSeedEndsTheRow)
{
    Said said = ringside(run("museum_double_completion", { "--ioctl", "0x80002000", "--seeds", "4..9", "--json" }));
    EXPECT_EQ(said.code, 2);
    Json all = Json::parse(said.out);
    EXPECT_EQ(all.at("seeds").size(), 1u);
    EXPECT_EQ(all.at("failed").at("report").at("end"), "bug-check");
    EXPECT_EQ(settled(all.at("failed").at("replay")),
              "ringside run museum_double_completion.sys --ioctl 0x80002000 --seed 4");
}

TEST(Run, ARuleLeftOut)
{
    auto words = run("museum_irql_at_return", { "--ioctl", "0x80002000" });
    EXPECT_EQ(ringside(words).code, 2);
    Said without = ringside(and_more(words, { "--rule-off", "IrqlAtReturn" }));
    EXPECT_EQ(without.out.find("IrqlAtReturn\n"), std::string::npos) << without.out;
}

// Recursion without end becomes a report whose trace is short.
TEST(Run, StackOverflow)
{
    Said said = ringside(run("ends", { "--ioctl", "0x80002000" }));
    EXPECT_EQ(said.code, 2);
    EXPECT_NE(said.out.find("bug check 0x7F UNEXPECTED_KERNEL_MODE_TRAP"), std::string::npos) << said.out;
    EXPECT_NE(said.out.find("Recurse  " RINGSIDE_SOURCE "/tests/drivers/ends.c:"), std::string::npos) << said.out;
    EXPECT_NE(said.out.find("more of it\n"), std::string::npos) << said.out;
}

TEST(Run, ASpinIsNotReplayableAndSaysSo)
{
    Said said = ringside(run("ends", { "--ioctl", "0x80002008", "--hang", "0.3" }));
    EXPECT_EQ(said.code, 2);
    EXPECT_NE(said.out.find("bug check 0x101 CLOCK_WATCHDOG_TIMEOUT"), std::string::npos) << said.out;
    EXPECT_NE(said.out.find("it is not replayable"), std::string::npos) << said.out;
    EXPECT_EQ(settled(last_line(said.out)), "replay: ringside run ends.sys --ioctl 0x80002008 --hang 0.3 --seed 1");
}

// The machine's own watch is off: the parent's ends the run, and tells what it was about to do.
TEST(Run, TheParentDoesNotWaitForEver)
{
    Said said = ringside(run("ends", { "--ioctl", "0x80002008", "--hang", "0", "--timeout", "1" }));
    EXPECT_EQ(said.code, 2);
    EXPECT_NE(said.out.find("lost      the run did not end within 1 s of the host's time and was stopped\n"
                            "during    control code 0x80002008 to \\\\.\\Ends\n"
                            "result    the driver did not come to an end\n"
                            "replay: "),
              std::string::npos)
        << said.out;
}

TEST(Run, ADriverEntryThatFails)
{
    Said said = ringside(run("ends_at_once", { "--read", "1" }));
    EXPECT_EQ(settled(said.out), golden("cli_run_ends_at_once.txt", settled(said.out)));
    EXPECT_EQ(said.code, 1);
}

TEST(Run, ARequestThatNeverComesBack)
{
    Said said = ringside(run("ends", { "--ioctl", "0x8000202c" }));
    EXPECT_EQ(said.code, 2);
    EXPECT_EQ(settled(said.out), golden("cli_run_pending.txt", settled(said.out)));
}

TEST(Run, TheLog)
{
    Said said = ringside(run("ioctl", { "--log=2" }));
    std::string after = said.out.substr(said.out.find("unload    "));
    EXPECT_EQ(std::count(after.begin(), after.end(), '\n'), 6) << after;
}

} // namespace ringside::test
