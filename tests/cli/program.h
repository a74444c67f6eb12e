// SPDX-License-Identifier: MIT
// Runs the program as a person would, and holds what it said.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <regex>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace ringside::test {

struct Said {
    std::string out;
    std::string err;
    int code = -1; // 128 + signal
};

// A program of its path (or name on PATH), with these words, in this folder.
inline Said run_any(std::string const& program, std::vector<std::string> words)
{
    int out[2];
    int err[2];
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(err, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    words.insert(words.begin(), program);
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    int failed = posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    Said said;
    EXPECT_EQ(failed, 0) << program;
    pollfd ends[2] { { out[0], POLLIN, 0 }, { err[0], POLLIN, 0 } };
    std::string* into[2] { &said.out, &said.err };
    for (int open = 2; open > 0;) {
        if (poll(ends, 2, -1) < 0 && errno == EINTR)
            continue;
        for (int i = 0; i < 2; ++i) {
            if (ends[i].fd < 0 || ends[i].revents == 0)
                continue;
            char buffer[1 << 14];
            ssize_t got = read(ends[i].fd, buffer, sizeof buffer);
            if (got > 0) {
                into[i]->append(buffer, static_cast<size_t>(got));
                continue;
            }
            close(ends[i].fd);
            ends[i].fd = -1;
            --open;
        }
    }
    int status = 0;
    if (failed == 0) {
        waitpid(child, &status, 0);
        said.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return said;
}

inline Said ringside(std::vector<std::string> words) { return run_any(RINGSIDE_PROGRAM, std::move(words)); }

inline std::string driver(std::string const& name) { return RINGSIDE_DRIVERS "/" + name + ".sys"; }

// What differs between checkouts and versions, written the same: paths, places, event counts, hashes, times, threads.
inline std::string settled(std::string text)
{
    auto replace = [&](std::string const& what, std::string const& with) {
        for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
            text.replace(at, what.size(), with);
    };
    replace(RINGSIDE_PROGRAM, "ringside");
    replace(RINGSIDE_DRIVERS "/", "");
    replace(RINGSIDE_SOURCE "/", "");
    text = std::regex_replace(text, std::regex("[0-9]+ events, hash [0-9a-f]{16}"), "N events, hash H");
    text = std::regex_replace(text, std::regex("[0-9.]+ s of virtual time"), "T s of virtual time");
    text = std::regex_replace(text, std::regex("imports   .*\n"), "imports   ...\n");
    text = std::regex_replace(text, std::regex("(0x[0-9a-f]+, ){3}0x[0-9a-f]+"), "P");
    text = std::regex_replace(text, std::regex("\\+0x[0-9a-f]+"), "+RVA");
    text = std::regex_replace(text, std::regex("(\\.[ch]):[0-9]+"), "$1:LINE");
    text = std::regex_replace(text, std::regex("where     .*\n"), "where     ...\n");
    return text;
}

inline std::string last_line(std::string const& text)
{
    std::string trimmed = text;
    while (!trimmed.empty() && trimmed.back() == '\n')
        trimmed.pop_back();
    return trimmed.substr(trimmed.rfind('\n') + 1);
}

// A file that lives as long as the test's variable.
class TemporaryFile {
public:
    TemporaryFile(std::string const& name, std::string const& bytes)
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "ringside-XXXXXX").string();
        m_folder = mkdtemp(pattern.data());
        m_path = m_folder / name;
        std::ofstream(m_path, std::ios::binary) << bytes;
    }
    ~TemporaryFile() { std::filesystem::remove_all(m_folder); }
    TemporaryFile(TemporaryFile const&) = delete;
    TemporaryFile& operator=(TemporaryFile const&) = delete;
    std::string path() const { return m_path.string(); }

private:
    std::filesystem::path m_folder;
    std::filesystem::path m_path;
};

inline std::string bytes_of_file(std::string const& path)
{
    std::ifstream file(path, std::ios::binary);
    return { std::istreambuf_iterator<char>(file), {} };
}

// The golden text tests/golden/<name>; with RINGSIDE_UPDATE_GOLDEN set it becomes what is given.
inline std::string golden(std::string const& name, std::string const& actual)
{
    std::string path = RINGSIDE_SOURCE "/tests/golden/" + name;
    if (std::getenv("RINGSIDE_UPDATE_GOLDEN"))
        std::ofstream(path, std::ios::binary) << actual;
    return bytes_of_file(path);
}

} // namespace ringside::test
