// SPDX-License-Identifier: MIT
// The event log as a container: what it keeps, and what its hash depends on.
#include "sim/log.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

using namespace ringside::sim;

namespace {

void add(Log& log, uint64_t detail)
{
    if (log.add(detail, Log::origin_of(Event::Note, Log::where(3, 17), 2), 5, detail))
        log.settle();
}

// The details of what is kept, as "first..last", or where they do not follow one another.
std::string kept(Log const& log)
{
    for (uint64_t i = log.first_kept(); i < log.count(); ++i)
        if (log.at(i).detail != i)
            return "record " + std::to_string(i) + " is " + std::to_string(log.at(i).detail);
    return std::to_string(log.first_kept()) + ".." + std::to_string(log.count());
}

uint64_t hash_of(size_t records, uint64_t asked_every = 0)
{
    Log log(64);
    for (size_t i = 0; i < records; ++i) {
        add(log, i);
        if (asked_every && i % asked_every == 0)
            (void)log.hash();
    }
    return log.hash();
}

} // namespace

// Logs of 1 to 1024 records get 0 to 1500 records.
// Shows: the newest are kept, as many as were asked for, whether the log's own block is full or not.
TEST(sim_log, keeps_the_newest)
{
    for (size_t capacity : { 1, 2, 16, 256, 512, 1024 }) {
        Log log(capacity);
        for (uint64_t count = 0; count <= 1500; ++count) {
            uint64_t const first = count > capacity ? count - capacity : 0;
            ASSERT_EQ(kept(log), std::to_string(first) + ".." + std::to_string(count)) << "capacity " << capacity;
            add(log, count);
        }
    }
}

// Shows: every field of a record arrives.
TEST(sim_log, a_record_is_whole)
{
    Log log(16);
    log.add(11, Log::origin_of(Event::IrpCompleted, Log::where(3, 17), 2), 5, 0x123456789A);
    Record const& record = log.at(0);
    EXPECT_EQ(record.time_100ns, 11u);
    EXPECT_EQ(record.what, Event::IrpCompleted);
    EXPECT_EQ(record.processor, 3);
    EXPECT_EQ(record.irql, 2);
    EXPECT_EQ(record.who, 17u);
    EXPECT_EQ(record.subject, 5u);
    EXPECT_EQ(record.reserved, 0u);
    EXPECT_EQ(record.detail, 0x123456789Au);
}

// Shows: the hash depends on every record and on nothing else: not on how often it was asked for.
TEST(sim_log, the_hash_is_of_the_records)
{
    EXPECT_EQ(hash_of(1000), hash_of(1000, 1));
    EXPECT_EQ(hash_of(1000), hash_of(1000, 7));
    EXPECT_NE(hash_of(1000), hash_of(999));
    for (uint64_t changed : { 0u, 255u, 256u, 700u }) {
        Log log(64);
        for (uint64_t i = 0; i < 1000; ++i)
            add(log, i == changed ? i + 1 : i);
        EXPECT_NE(log.hash(), hash_of(1000)) << "record " << changed;
    }
}

// Shows: a text counts where it stands among the records, and its length does, too.
TEST(sim_log, the_hash_is_of_the_texts_in_their_order)
{
    Log before(64), after(64), longer(64), none(64);
    before.add_text("text");
    add(before, 1);
    add(after, 1);
    after.add_text("text");
    longer.add_text("texts");
    add(longer, 1);
    add(none, 1);
    std::vector<uint64_t> const hashes { before.hash(), after.hash(), longer.hash(), none.hash() };
    EXPECT_EQ(std::set<uint64_t>(hashes.begin(), hashes.end()).size(), hashes.size());
    EXPECT_EQ(before.text(0), "text");
}

// Somebody hears of each record, as a trace does.
// Shows: every record is to be settled then, none is lost, and the hash is what it is without.
TEST(sim_log, settled_one_by_one)
{
    Log log(1024);
    log.settle_each(true);
    for (uint64_t i = 0; i < 1000; ++i) {
        ASSERT_TRUE(log.add(i, Log::origin_of(Event::Note, Log::where(3, 17), 2), 5, i));
        EXPECT_EQ(log.newest().detail, i);
        log.settle();
    }
    EXPECT_EQ(kept(log), "0..1000");
    EXPECT_EQ(log.hash(), hash_of(1000));
}
