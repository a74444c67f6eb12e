// SPDX-License-Identifier: MIT
// The rest of the C library that ntoskrnl exports: character classes, numbers, memory comparison, sorting, rand.
#pragma once

#include "nt/types.h"

namespace ringside::rtl {

// Characters, in the "C" locale.
int isdigit(int c);
int isxdigit(int c);
int islower(int c);
int isupper(int c);
int isspace(int c);
int isprint(int c);
int tolower(int c);
int toupper(int c);
char16_t towlower(char16_t c);
char16_t towupper(char16_t c);

// Numbers. What does not fit becomes the type's nearest value; a null text reads as 0.
int atoi(char const* s);
int32_t atol(char const* s); // long has 32 bits
int _wtoi(char16_t const* s);
int32_t _wtol(char16_t const* s);
uint32_t wcstoul(char16_t const* s, char16_t** end, int base);
uint64_t _strtoui64(char const* s, char** end, int base);
char* _itoa(int value, char* buffer, int radix);
char16_t* _itow(int value, char16_t* buffer, int radix);
// Any wrong argument, a buffer that is too small among them, is kErrnoInvalid (rtl/c_string_s.h).
int _itoa_s(int value, char* buffer, size_t size, int radix); // also _ltoa_s
int _itow_s(int value, char16_t* buffer, size_t size, int radix);
int _ultoa_s(uint32_t value, char* buffer, size_t size, int radix);
int _ultow_s(uint32_t value, char16_t* buffer, size_t size, int radix);
int _i64toa_s(int64_t value, char* buffer, size_t size, int radix);
int _i64tow_s(int64_t value, char16_t* buffer, size_t size, int radix);
int _ui64toa_s(uint64_t value, char* buffer, size_t size, int radix);
int _ui64tow_s(uint64_t value, char16_t* buffer, size_t size, int radix);

// Memory that is only read.
int memcmp(void const* a, void const* b, size_t bytes);
void* memchr(void const* memory, int c, size_t bytes);

// Order is a call into the driver; elements are moved byte by byte. Without an array, a key, a size or a comparison
// qsort does nothing and bsearch finds nothing.
using Compare = int(NTAPI*)(void const*, void const*);
void qsort(void* base, size_t count, size_t size, Compare compare);
void* bsearch(void const* key, void const* base, size_t count, size_t size, Compare compare);

// The sequence of rand is one per machine: it starts at seed 1, as the C standard says.
void srand(uint32_t seed);
int rand();
void reset_rand();

} // namespace ringside::rtl
