// SPDX-License-Identifier: MIT
// A folder as drive C:, from the command line: a driver's log file, kept in memory or written to the folder.
#include "cli/program.h"

using namespace ringside::test;

namespace {

std::string line_that_begins(std::string const& text, std::string const& start)
{
    size_t at = text.rfind("\n" + start);
    return at == text.npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

// The control codes of tests/drivers/diary.h.
constexpr char const* kWrite = "unknown,0x800,buffered,any";
constexpr char const* kRead = "unknown,0x801,buffered,any";

} // namespace

// The diary is written and read back.
// Shows: --c-drive leaves the folder as it is, --c-drive-write does not; nothing of the machine's own is opened.
TEST(CDrive, DiaryOfADriver)
{
    std::string name = (std::filesystem::temp_directory_path() / "ringside-drive-XXXXXX").string();
    std::string const folder = mkdtemp(name.data());
    std::string const driver = RINGSIDE_DRIVERS "/diary.sys";
    std::vector<std::string> const steps { "--ioctl", kWrite, "--in", "text:hello", "--ioctl", kRead, "--out", "64" };
    auto run = [&](char const* option) {
        std::vector<std::string> words { "run", driver, option, folder };
        words.insert(words.end(), steps.begin(), steps.end());
        return run_any(RINGSIDE_PROGRAM, words);
    };
    Said const kept = run("--c-drive");
    EXPECT_EQ(kept.code, 0) << kept.out << kept.err;
    EXPECT_NE(kept.out.find("68 65 6c 6c 6f 0d 0a"), std::string::npos) << kept.out;
    EXPECT_EQ(kept.out.find("HarddiskVolume"), std::string::npos) << kept.out;
    EXPECT_FALSE(std::filesystem::exists(folder + "/Diary"));
    EXPECT_EQ(line_that_begins(run("--c-drive").out, "log "), line_that_begins(kept.out, "log ")) << "the same run";
    EXPECT_EQ(run("--c-drive-write").code, 0);
    std::ifstream in(folder + "/Diary/diary.log", std::ios::binary);
    EXPECT_EQ((std::string { std::istreambuf_iterator<char>(in), {} }), "hello\r\n");
    std::filesystem::remove_all(folder);
}

// A run that fails.
// Shows: the replay command names the drive.
TEST(CDrive, StandsInTheReplayCommand)
{
    std::string const folder = std::filesystem::temp_directory_path().string();
    Said const said = run_any(
        RINGSIDE_PROGRAM,
        { "run", RINGSIDE_DRIVERS "/museum_double_completion.sys", "--ioctl", "0x80002000", "--c-drive", folder });
    EXPECT_EQ(said.code, 2) << said.out;
    EXPECT_NE(line_that_begins(said.out, "replay: ").find("--c-drive " + folder), std::string::npos) << said.out;
    EXPECT_EQ(run_any(RINGSIDE_PROGRAM, { "run", RINGSIDE_DRIVERS "/diary.sys", "--c-drive", "/nowhere" }).code, 1);
    EXPECT_EQ(run_any(RINGSIDE_PROGRAM,
                      { "run", RINGSIDE_DRIVERS "/diary.sys", "--c-drive", "/tmp", "--c-drive-write", "/tmp" })
                  .code,
              1);
}
