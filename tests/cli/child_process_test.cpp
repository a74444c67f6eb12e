// SPDX-License-Identifier: MIT
// The process around a machine: whatever the child does, the parent hears it in order and learns how it ended.
#include "sim/child_process.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>

namespace ringside::sim {
namespace {

struct Heard {
    std::string story;
    RecordReader reader;
    Heard()
    {
        reader.on_record = [this](std::string_view record) { story.append("[").append(record).append("]"); };
        reader.on_text = [this](std::string_view text) { story += text; };
    }
};

std::string framed(std::string const& record)
{
    uint32_t length = static_cast<uint32_t>(record.size());
    std::string bytes("\0Rsr", 4);
    bytes.append(reinterpret_cast<char const*>(&length), sizeof length);
    return bytes + record;
}

} // namespace

// Records and text arrive in pieces of every size; the story is the same.
TEST(RecordReader, PiecesOfAnySize)
{
    std::string stream = "one\n" + framed("A") + framed("") + "two" + framed(std::string("\0Rsr\0", 5)) + "three";
    for (size_t piece = 1; piece <= stream.size(); ++piece) {
        Heard heard;
        for (size_t at = 0; at < stream.size(); at += piece)
            heard.reader.feed(std::string_view(stream).substr(at, piece));
        EXPECT_EQ(heard.story, "one\n[A][]two[" + std::string("\0Rsr\0", 5) + "]three") << piece;
    }
}

// A driver may print zero bytes: they are text, even where they begin like a record.
TEST(RecordReader, ZerosInText)
{
    std::string stream("a\0b\0\0Rx\0Rs", 10);
    Heard heard;
    for (char byte : stream)
        heard.reader.feed({ &byte, 1 });
    heard.reader.feed(framed("R"));
    EXPECT_EQ(heard.story, stream + "[R]");
}

// The child died inside a record: what came before it is kept.
TEST(RecordReader, HalfARecordIsDropped)
{
    Heard heard;
    heard.reader.feed("text" + framed("whole") + framed("cut off").substr(0, 10));
    heard.reader.finish();
    EXPECT_EQ(heard.story, "text[whole]");
}

TEST(ChildProcess, TellsInOrderAndReturnsTheCode)
{
    Heard heard;
    ChildEnd end = run_in_child(
        [](RecordPipe const& pipe) {
            std::fprintf(stderr, "said 1\n");
            pipe.send("record 1");
            std::printf("said 2\n");
            pipe.send("record 2");
            return 4;
        },
        heard.reader, 60);
    EXPECT_EQ(end.how, ChildEnd::How::Exited);
    EXPECT_EQ(end.code, 4);
    EXPECT_EQ(heard.story, "said 1\n[record 1]said 2\n[record 2]");
}

TEST(ChildProcess, DeathByASignal)
{
    Heard heard;
    ChildEnd end = run_in_child(
        [](RecordPipe const& pipe) {
            pipe.send("before");
            signal(SIGSEGV, SIG_DFL);
            raise(SIGSEGV);
            return 0;
        },
        heard.reader, 60);
    EXPECT_EQ(end.how, ChildEnd::How::Signalled);
    EXPECT_EQ(signal_name(end.code), "SIGSEGV");
    EXPECT_EQ(heard.story, "[before]");
}

// A child that never ends, one that also closes its pipe: both are stopped when the time is up.
TEST(ChildProcess, DoesNotWaitForEver)
{
    for (bool closes : { false, true }) {
        Heard heard;
        auto start = std::chrono::steady_clock::now();
        ChildEnd end = run_in_child(
            [&](RecordPipe const& pipe) {
                pipe.send("here");
                for (int descriptor = 1; closes && descriptor < 64; ++descriptor)
                    close(descriptor);
                for (;;)
                    pause();
                return 0;
            },
            heard.reader, 0.2);
        EXPECT_EQ(end.how, ChildEnd::How::TimedOut);
        EXPECT_EQ(heard.story, "[here]");
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    }
}

TEST(ChildProcess, AMegabyteComesThrough)
{
    Heard heard;
    std::string large(1 << 20, 'x');
    ChildEnd end = run_in_child(
        [&](RecordPipe const& pipe) {
            pipe.send(large);
            return 0;
        },
        heard.reader, 60);
    EXPECT_EQ(end.code, 0);
    EXPECT_EQ(heard.story, "[" + large + "]");
}

} // namespace ringside::sim
