// SPDX-License-Identifier: MIT
// The C library's string functions as ntoskrnl exports them, narrow and wide, in the "C" locale: only ASCII letters
// have case, comparisons are by unsigned value and return -1, 0 or 1. They live in this namespace under their own
// names; the host's are always called as std:: or __builtin_. A null string is the caller's fault and faults here,
// except where the page says that the function looks.
#pragma once

#include "nt/types.h"

namespace ringside::rtl {

size_t strlen(char const* s);
size_t strnlen(char const* s, size_t max);
size_t wcslen(char16_t const* s);
size_t wcsnlen(char16_t const* s, size_t max);

// What the comparisons without regard to case return for a null string: _NLSCMPERROR.
inline constexpr int kCompareError = INT32_MAX;

int strcmp(char const* a, char const* b);
int strncmp(char const* a, char const* b, size_t count);
int _stricmp(char const* a, char const* b);
int _strnicmp(char const* a, char const* b, size_t count);
int wcscmp(char16_t const* a, char16_t const* b);
int wcsncmp(char16_t const* a, char16_t const* b, size_t count);
int _wcsicmp(char16_t const* a, char16_t const* b);
int _wcsnicmp(char16_t const* a, char16_t const* b, size_t count);

char* strcpy(char* to, char const* from);
char* strncpy(char* to, char const* from, size_t count);
char* strcat(char* to, char const* from);
char* strncat(char* to, char const* from, size_t count);
char16_t* wcscpy(char16_t* to, char16_t const* from);
char16_t* wcsncpy(char16_t* to, char16_t const* from, size_t count);
char16_t* wcscat(char16_t* to, char16_t const* from);
char16_t* wcsncat(char16_t* to, char16_t const* from, size_t count);

char* strchr(char const* s, int c);
char* strrchr(char const* s, int c);
char* strstr(char const* s, char const* part);
size_t strspn(char const* s, char const* set);
char16_t* wcschr(char16_t const* s, char16_t c);
char16_t* wcsrchr(char16_t const* s, char16_t c);
char16_t* wcsstr(char16_t const* s, char16_t const* part);
size_t wcsspn(char16_t const* s, char16_t const* set);
size_t wcscspn(char16_t const* s, char16_t const* set);

// The four that change case give a null string back.
char* _strlwr(char* s);
char* _strupr(char* s);
char* _strrev(char* s);
char* _strset(char* s, int c);
char* _strnset(char* s, int c, size_t count);
char16_t* _wcslwr(char16_t* s);
char16_t* _wcsupr(char16_t* s);
char16_t* _wcsrev(char16_t* s);
char16_t* _wcsnset(char16_t* s, char16_t c, size_t count);

// The conversions between char and wchar_t use the ANSI page. -1: a null source, a count beyond INT_MAX, or a character
// that the page lacks.
size_t mbstowcs(char16_t* to, char const* from, size_t count);
size_t wcstombs(char* to, char16_t const* from, size_t count);
int mbtowc(char16_t* to, char const* from, size_t count);
int wctomb(char* to, char16_t c);

} // namespace ringside::rtl
