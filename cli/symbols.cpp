// SPDX-License-Identifier: MIT
#include "symbols.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace ringside::cli {

namespace {

// A back-trace is short, and reading the largest PDB takes seconds.
constexpr int kSymbolizerMilliseconds = 20'000;

// The program's standard output; nothing if it could not be started, failed or took too long.
std::string output_of(std::vector<std::string> words)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return {};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    int error = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return {};
    }
    std::string text;
    char buffer[1 << 14];
    bool whole = false;
    for (;;) {
        pollfd waiting { ends[0], POLLIN, 0 };
        int ready = poll(&waiting, 1, kSymbolizerMilliseconds);
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t got = ready > 0 ? read(ends[0], buffer, sizeof buffer) : -1;
        if (got <= 0) {
            whole = got == 0;
            break;
        }
        text.append(buffer, static_cast<size_t>(got));
    }
    close(ends[0]);
    if (!whole)
        kill(child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    return whole && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : std::string {};
}

std::string symbolizer_output(std::string const& path, std::vector<SymbolQuery*> const& queries)
{
    std::vector<std::string> words { "", "--output-style=JSON", "--relative-address", "--no-debuginfod",
                                     fmt::format("--obj={}", path) };
    for (SymbolQuery const* query : queries)
        words.push_back(fmt::format("0x{:x}", query->return_address && query->rva ? query->rva - 1 : query->rva));
    for (char const* program : { "llvm-symbolizer-19", "llvm-symbolizer" }) {
        words[0] = program;
        std::string text = output_of(words);
        if (!text.empty())
            return text;
    }
    return {};
}

void read_answers(std::string const& text, std::vector<SymbolQuery*> const& queries)
{
    auto answers = nlohmann::json::parse(text, nullptr, false);
    if (!answers.is_array() || answers.size() != queries.size())
        return;
    for (size_t i = 0; i < queries.size(); ++i) {
        auto symbols = answers[i].value("Symbol", nlohmann::json::array());
        for (size_t inner = 0; inner < symbols.size(); ++inner) {
            auto const& symbol = symbols[inner];
            SourceFrame frame { symbol.value("FunctionName", ""), symbol.value("FileName", ""),
                                symbol.value("Line", 0u), inner + 1 != symbols.size() };
            // Without a file it is only the nearest exported name below, which may be anything.
            if (!frame.function.empty() && !frame.file.empty())
                queries[i]->frames.push_back(frame);
        }
    }
}

} // namespace

void symbolize(std::vector<SymbolQuery>& queries)
{
    std::map<std::string, std::vector<SymbolQuery*>> by_file;
    for (SymbolQuery& query : queries)
        if (!query.path.empty())
            by_file[query.path].push_back(&query);
    for (auto const& [path, of_file] : by_file)
        read_answers(symbolizer_output(path, of_file), of_file);
}

} // namespace ringside::cli
