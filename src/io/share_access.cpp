// SPDX-License-Identifier: MIT
// A file object that only asks for attributes neither counts nor conflicts.
#include "io/share_access.h"

#include "io/file.h"

namespace ringside::io {

namespace {

struct Wish {
    bool read, write, remove;                      // what the open does
    bool share_read, share_write, share_remove;    // what it lets others do
    bool any() const { return read || write || remove; }
};

Wish wish_of(ACCESS_MASK desired, ULONG share)
{
    return {
        (desired & (FILE_EXECUTE | FILE_READ_DATA)) != 0,
        (desired & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0,
        (desired & DELETE) != 0,
        (share & FILE_SHARE_READ) != 0,
        (share & FILE_SHARE_WRITE) != 0,
        (share & FILE_SHARE_DELETE) != 0,
    };
}

Wish wish_of(FILE_OBJECT const& file)
{
    return { file.ReadAccess != 0, file.WriteAccess != 0, file.DeleteAccess != 0,
             file.SharedRead != 0, file.SharedWrite != 0, file.SharedDelete != 0 };
}

// A share without write permission lets nobody exclude other readers.
void limit(Wish& wish, BOOLEAN const* write_permission)
{
    if (write_permission && !*write_permission)
        wish.share_read = true;
}

void limit(Wish& wish, ULONG flags)
{
    if (flags & IO_SHARE_ACCESS_NO_WRITE_PERMISSION)
        wish.share_read = true;
}

void mark(FILE_OBJECT& file, Wish const& wish)
{
    file.ReadAccess = wish.read;
    file.WriteAccess = wish.write;
    file.DeleteAccess = wish.remove;
    if (!wish.any())
        return;
    file.SharedRead = wish.share_read;
    file.SharedWrite = wish.share_write;
    file.SharedDelete = wish.share_remove;
}

void count(SHARE_ACCESS& access, Wish const& wish, ULONG amount)
{
    access.OpenCount += amount;
    access.Readers += wish.read ? amount : 0;
    access.Writers += wish.write ? amount : 0;
    access.Deleters += wish.remove ? amount : 0;
    access.SharedRead += wish.share_read ? amount : 0;
    access.SharedWrite += wish.share_write ? amount : 0;
    access.SharedDelete += wish.share_remove ? amount : 0;
}

bool conflicts_in_reading(SHARE_ACCESS const& access, Wish const& wish)
{
    return (wish.read && access.SharedRead < access.OpenCount) || (access.Readers && !wish.share_read);
}

bool conflicts_in_writing(SHARE_ACCESS const& access, Wish const& wish)
{
    return (wish.write && access.SharedWrite < access.OpenCount) || (access.Writers && !wish.share_write);
}

bool conflicts_in_deleting(SHARE_ACCESS const& access, Wish const& wish)
{
    return (wish.remove && access.SharedDelete < access.OpenCount) || (access.Deleters && !wish.share_remove);
}

bool conflicts(SHARE_ACCESS const& access, Wish const& wish)
{
    return conflicts_in_reading(access, wish) || conflicts_in_writing(access, wish)
        || conflicts_in_deleting(access, wish);
}

// --- Of a file with hard links: its stream, and the link that it was opened by ---

struct Shares {
    SHARE_ACCESS* stream; // null: not asked about
    LINK_SHARE_ACCESS* link; // null: the stream stands for it
    ULONG flags;
    // Who deletes a named stream leaves the link where it is.
    bool deletes_link() const { return link && !(flags & IO_SHARE_ACCESS_NON_PRIMARY_STREAM); }
};

void count(Shares const& shares, Wish const& wish, ULONG amount)
{
    if (shares.stream)
        count(*shares.stream, wish, amount);
    if (!shares.link)
        return;
    shares.link->OpenCount += amount;
    shares.link->Deleters += wish.remove && shares.deletes_link() ? amount : 0;
    shares.link->SharedDelete += wish.share_remove ? amount : 0;
}

bool conflicts_on_link(Shares const& shares, Wish const& wish)
{
    LINK_SHARE_ACCESS const& link = *shares.link;
    return (wish.remove && shares.deletes_link() && link.SharedDelete < link.OpenCount)
        || (link.Deleters && !wish.share_remove);
}

bool conflicts(Shares const& shares, Wish const& wish)
{
    SHARE_ACCESS const* stream = shares.stream;
    if (stream && !(shares.flags & IO_CHECK_SHARE_ACCESS_DONT_CHECK_READ) && conflicts_in_reading(*stream, wish))
        return true;
    if (stream && !(shares.flags & IO_CHECK_SHARE_ACCESS_DONT_CHECK_WRITE) && conflicts_in_writing(*stream, wish))
        return true;
    if (shares.flags & IO_CHECK_SHARE_ACCESS_DONT_CHECK_DELETE)
        return false;
    if (shares.link && conflicts_on_link(shares, wish))
        return true;
    bool const by_stream = !shares.deletes_link() || (shares.flags & IO_CHECK_SHARE_ACCESS_FORCE_USING_SCB);
    return stream && by_stream && conflicts_in_deleting(*stream, wish);
}

} // namespace

NTSTATUS IoCheckShareAccessEx(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access, BOOLEAN update,
                              BOOLEAN* write_permission)
{
    Wish wish = wish_of(desired, share);
    limit(wish, write_permission);
    mark(*file, wish);
    if (!wish.any() || ignores_sharing(*file))
        return STATUS_SUCCESS;
    if (conflicts(*access, wish))
        return STATUS_SHARING_VIOLATION;
    if (update)
        count(*access, wish, 1);
    return STATUS_SUCCESS;
}

NTSTATUS IoCheckShareAccess(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access, BOOLEAN update)
{
    return IoCheckShareAccessEx(desired, share, file, access, update, nullptr);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iosetshareaccess
void IoSetShareAccessEx(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access,
                        BOOLEAN* write_permission)
{
    Wish wish = wish_of(desired, share);
    limit(wish, write_permission);
    mark(*file, wish);
    *access = {};
    if (wish.any() && !ignores_sharing(*file))
        count(*access, wish, 1);
}

void IoSetShareAccess(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access)
{
    IoSetShareAccessEx(desired, share, file, access, nullptr);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioupdateshareaccess
void IoUpdateShareAccess(FILE_OBJECT* file, SHARE_ACCESS* access)
{
    if (Wish const wish = wish_of(*file); wish.any() && !ignores_sharing(*file))
        count(*access, wish, 1);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioremoveshareaccess
void IoRemoveShareAccess(FILE_OBJECT* file, SHARE_ACCESS* access)
{
    if (Wish const wish = wish_of(*file); wish.any() && !ignores_sharing(*file))
        count(*access, wish, ~ULONG { 0 });
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iochecklinkshareaccess
NTSTATUS IoCheckLinkShareAccess(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access,
                                LINK_SHARE_ACCESS* link, ULONG flags)
{
    Wish wish = wish_of(desired, share);
    limit(wish, flags);
    if (file && !(flags & IO_CHECK_SHARE_ACCESS_DONT_UPDATE_FILE_OBJECT))
        mark(*file, wish);
    bool const matters = wish.any() || (flags & IO_CHECK_SHARE_ACCESS_FORCE_CHECK);
    if (!matters || (file && ignores_sharing(*file)))
        return STATUS_SUCCESS;
    Shares const shares { access, link, flags };
    if (conflicts(shares, wish))
        return STATUS_SHARING_VIOLATION;
    // Without a wish it is no sharer: nothing of it would be taken back when it is closed.
    if ((flags & IO_CHECK_SHARE_ACCESS_UPDATE_SHARE_ACCESS) && wish.any())
        count(shares, wish, 1);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iosetlinkshareaccess
void IoSetLinkShareAccess(ACCESS_MASK desired, ULONG share, FILE_OBJECT* file, SHARE_ACCESS* access,
                          LINK_SHARE_ACCESS* link, ULONG flags)
{
    Wish wish = wish_of(desired, share);
    limit(wish, flags);
    mark(*file, wish);
    if (!(flags & IO_CHECK_SHARE_ACCESS_UPDATE_SHARE_ACCESS))
        return;
    *access = {};
    if (link)
        *link = {};
    if (wish.any() && !ignores_sharing(*file))
        count(Shares { access, link, flags }, wish, 1);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioupdatelinkshareaccessex
void IoUpdateLinkShareAccessEx(FILE_OBJECT* file, SHARE_ACCESS* access, LINK_SHARE_ACCESS* link, ULONG flags)
{
    if (Wish const wish = wish_of(*file); wish.any() && !ignores_sharing(*file))
        count(Shares { access, link, flags }, wish, 1);
}

void IoUpdateLinkShareAccess(FILE_OBJECT* file, SHARE_ACCESS* access, LINK_SHARE_ACCESS* link)
{
    IoUpdateLinkShareAccessEx(file, access, link, 0);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioremovelinkshareaccessex
void IoRemoveLinkShareAccessEx(FILE_OBJECT* file, SHARE_ACCESS* access, LINK_SHARE_ACCESS* link, ULONG flags)
{
    if (Wish const wish = wish_of(*file); wish.any() && !ignores_sharing(*file))
        count(Shares { access, link, flags }, wish, ~ULONG { 0 });
}

void IoRemoveLinkShareAccess(FILE_OBJECT* file, SHARE_ACCESS* access, LINK_SHARE_ACCESS* link)
{
    IoRemoveLinkShareAccessEx(file, access, link, 0);
}

} // namespace ringside::io
