// SPDX-License-Identifier: MIT
// The planted races, as a person finds them: `--seeds` stops at the first seed that fails and prints a command; that
// command fails the same way, with the same log, a hundred times out of a hundred.
#include "cli/program.h"

using namespace ringside::test;

namespace {

std::string line_that_begins(std::string const& text, std::string const& start)
{
    size_t at = text.rfind("\n" + start);
    return at == text.npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

void finds_and_replays(std::vector<std::string> words, std::string const& bug_check)
{
    std::string const driver = RINGSIDE_DRIVERS "/races.sys";
    words.insert(words.begin(), { "run", driver });
    words.insert(words.end(), { "--seeds", "1..200" });
    Said found = run_any(RINGSIDE_PROGRAM, words);
    ASSERT_EQ(found.code, 2) << found.out;
    ASSERT_NE(found.out.find(bug_check), std::string::npos) << found.out;
    std::string const replay = line_that_begins(found.out, "replay: ");
    std::string const log = line_that_begins(found.out, "log ");
    ASSERT_FALSE(replay.empty());
    ASSERT_FALSE(log.empty());
    for (int i = 0; i < 100; ++i) {
        Said again = run_any("/bin/sh", { "-c", replay.substr(8) });
        ASSERT_EQ(again.code, 2) << "replay " << i;
        ASSERT_NE(again.out.find(bug_check), std::string::npos) << "replay " << i;
        ASSERT_EQ(line_that_begins(again.out, "log "), log) << "replay " << i;
    }
}

} // namespace

TEST(Replay, LostUpdate) { finds_and_replays({ "--ioctl", "0x80002000" }, "bug check 0x4C4F5354"); }

TEST(Replay, CancelRace)
{
    finds_and_replays({ "--cancel", "0x80002004", "--explore" }, "bug check 0x44 MULTIPLE_IRP_COMPLETE_REQUESTS");
}
