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

bool conflicts(SHARE_ACCESS const& access, Wish const& wish)
{
    return (wish.read && access.SharedRead < access.OpenCount) || (wish.write && access.SharedWrite < access.OpenCount)
        || (wish.remove && access.SharedDelete < access.OpenCount) || (access.Readers && !wish.share_read)
        || (access.Writers && !wish.share_write) || (access.Deleters && !wish.share_remove);
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

} // namespace ringside::io
