// SPDX-License-Identifier: GPL-2.0-only

/* Makes frames front to back; length fields are filled in once the bytes behind them are there. */

#include "generate.h"

#define ETHERNET_LEN 14
#define ETHERNET_MIN 60 /* without the checksum; shorter frames are padded by the sender */
#define ARRAY_LEN(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* The frame so far. Bytes past cap are dropped, which makes one more kind of cut frame. */
struct sheet {
	uint8_t *buf;
	size_t len, cap;
};

struct choice {
	uint16_t value;
	uint16_t weight;
};

#define CHOOSE(rng, choices) choose(rng, choices, ARRAY_LEN(choices))

void rng_init(struct rng *rng, uint64_t seed, const uint16_t *ports, size_t ports_len)
{
	rng->state = seed;
	rng->ports = ports;
	rng->ports_len = ports_len;
}

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): any seed will do, 0 included. */
uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
	return (uint32_t)(((rng_next(rng) >> 32) * n) >> 32);
}

static bool percent(struct rng *rng, uint32_t chance)
{
	return rng_below(rng, 100) < chance;
}

static uint16_t choose(struct rng *rng, const struct choice *choices, uint32_t n)
{
	uint32_t sum = 0, at;

	for (uint32_t i = 0; i < n; i++)
		sum += choices[i].weight;
	at = rng_below(rng, sum);
	for (; at >= choices->weight; choices++)
		at -= choices->weight;
	return choices->value;
}

/* The low n bytes of value, in network order. */
static void put(struct sheet *sheet, uint32_t value, unsigned int n)
{
	while (n-- > 0 && sheet->len < sheet->cap)
		sheet->buf[sheet->len++] = (uint8_t)(value >> (8 * n));
}

static void put_noise(struct rng *rng, struct sheet *sheet, size_t n)
{
	while (n-- > 0)
		put(sheet, rng_below(rng, 256), 1);
}

static void patch(struct sheet *sheet, size_t at, uint16_t value)
{
	if (at + 2 > sheet->len)
		return;
	sheet->buf[at] = (uint8_t)(value >> 8);
	sheet->buf[at + 1] = (uint8_t)value;
}

static uint16_t choose_port(struct rng *rng)
{
	static const uint16_t edges[] = { 0, 1, 1023, 1024, 32767, 32768, 65534, 65535 };
	const uint32_t dice = rng_below(rng, 100);

	if (dice < 55 && rng->ports_len > 0)
		return rng->ports[rng_below(rng, (uint32_t)rng->ports_len)];
	if (dice < 70)
		return edges[rng_below(rng, ARRAY_LEN(edges))];
	if (dice < 85)
		return (uint16_t)(32768 + rng_below(rng, 28232)); /* where Linux clients live */
	return (uint16_t)rng_below(rng, 65536);
}

static void put_ports(struct rng *rng, struct sheet *sheet)
{
	const uint16_t src = choose_port(rng);

	put(sheet, src, 2);
	put(sheet, percent(rng, 6) ? src : choose_port(rng), 2);
}

static void put_tcp(struct rng *rng, struct sheet *sheet)
{
	static const struct choice flags[] = {
		{ 0x02, 18 }, { 0x12, 14 }, { 0x10, 30 }, { 0x18, 12 },
		{ 0x11, 5 },  { 0x04, 5 },  { 0xc2, 3 },  { 0x52, 3 },
	};

	put_ports(rng, sheet);
	put_noise(rng, sheet, 8);
	put(sheet, 0x50, 1);
	put(sheet, percent(rng, 10) ? rng_below(rng, 256) : CHOOSE(rng, flags), 1);
	put_noise(rng, sheet, 6);
}

static size_t choose_payload_size(struct rng *rng, const struct sheet *sheet)
{
	if (sheet->cap > GENERATE_USUAL_MAX)
		return rng_below(rng, GENERATE_LONG_MAX);
	return rng_below(rng, percent(rng, 75) ? 64 : 1600);
}

/* What follows the IP headers. Some bodies end early though the IP length is right. */
static void put_body(struct rng *rng, struct sheet *sheet, uint16_t protocol)
{
	const size_t start = sheet->len;
	size_t cut = rng_below(rng, 18);

	if (protocol == 6)
		put_tcp(rng, sheet);
	else
		put_ports(rng, sheet); /* to be ignored where the protocol has none */
	if (percent(rng, 8) && start + cut < sheet->len)
		sheet->len = start + cut;
	else
		put_noise(rng, sheet, choose_payload_size(rng, sheet));
}

/* The fragment field of either IP: an offset in units of 8 bytes, and the more-fragments flag. */
static uint16_t choose_fragment(struct rng *rng, uint32_t usual, unsigned int shift, uint16_t more)
{
	/* Half of the later fragments have the least offset there is. */
	const uint32_t offset = (percent(rng, 50) ? 1 : 1 + rng_below(rng, 8191)) << shift;

	if (percent(rng, usual))
		return 0;
	if (percent(rng, 30))
		return more;
	return (uint16_t)(offset | (percent(rng, 50) ? more : 0));
}

static uint16_t choose_length(struct rng *rng, size_t right)
{
	const uint32_t dice = rng_below(rng, 100);

	if (dice < 78)
		return (uint16_t)right;
	if (dice < 84)
		return 0;
	if (dice < 92)
		return (uint16_t)rng_below(rng, (uint32_t)right + 1);
	if (dice < 97)
		return (uint16_t)(right + 1 + rng_below(rng, 100));
	return (uint16_t)rng_below(rng, 65536);
}

static uint16_t choose_protocol(struct rng *rng)
{
	static const struct choice protocols[] = {
		{ 6, 60 },  { 17, 40 }, { 132, 12 }, { 33, 12 }, { 136, 8 }, { 1, 3 },   { 2, 2 },
		{ 4, 2 },   { 41, 2 },  { 47, 2 },   { 50, 2 },  { 58, 3 },  { 89, 2 },  { 103, 2 },
		{ 112, 2 }, { 115, 2 }, { 59, 1 },   { 0, 1 },   { 43, 1 },  { 44, 1 },  { 60, 1 },
		{ 135, 1 }, { 51, 1 },  { 139, 1 },  { 140, 1 }, { 255, 1 },
	};

	return percent(rng, 3) ? (uint16_t)rng_below(rng, 256) : CHOOSE(rng, protocols);
}

/* One extension header; some lie about their length. */
static void put_extension(struct rng *rng, struct sheet *sheet, uint16_t type, uint16_t next)
{
	uint32_t length = rng_below(rng, 4);
	const size_t size = type == 51 ? (length + 2) * 4 : (length + 1) * 8;

	put(sheet, next, 1);
	if (type == 44) {
		/* The reserved byte would be a length in any other header. */
		put_noise(rng, sheet, 1);
		put(sheet, choose_fragment(rng, 40, 3, 1) | (percent(rng, 20) ? 6 : 0), 2);
		put_noise(rng, sheet, 4);
		return;
	}
	if (percent(rng, 3))
		length = rng_below(rng, percent(rng, 50) ? 8 : 256);
	put(sheet, length, 1);
	put_noise(rng, sheet, size - 2);
}

static uint32_t choose_version(struct rng *rng, uint32_t right)
{
	return percent(rng, 2) ? rng_below(rng, 16) : right;
}

static void put_ipv4(struct rng *rng, struct sheet *sheet)
{
	static const struct choice counts[] = {
		{ 0, 90 }, { 1, 4 }, { 2, 1 }, { 7, 1 }, { 8, 2 }, { 9, 2 }, { 12, 1 },
	};
	const size_t start = sheet->len;
	const uint16_t protocol = choose_protocol(rng);
	const uint32_t ihl = percent(rng, 70) ? 5 : rng_below(rng, 16);
	unsigned int headers = CHOOSE(rng, counts);

	put(sheet, choose_version(rng, 4) << 4 | ihl, 1);
	put_noise(rng, sheet, 5); /* with the total length, patched below */
	put(sheet, choose_fragment(rng, 85, 0, 0x2000) | (percent(rng, 30) ? 0x4000 : 0), 2);
	put_noise(rng, sheet, 1);
	put(sheet, headers > 0 ? 51 : protocol, 1);
	put_noise(rng, sheet, 10);
	put_noise(rng, sheet, ihl > 5 ? ihl * 4 - 20 : 0);
	for (; headers > 0; headers--)
		put_extension(rng, sheet, 51, headers > 1 ? 51 : protocol);
	put_body(rng, sheet, protocol);
	patch(sheet, start + 2, choose_length(rng, sheet->len - start));
}

static void put_ipv6(struct rng *rng, struct sheet *sheet)
{
	static const struct choice counts[] = {
		{ 0, 50 }, { 1, 14 }, { 2, 8 }, { 3, 5 }, { 4, 2 },  { 5, 2 },  { 6, 2 },
		{ 7, 5 },  { 8, 8 },  { 9, 8 }, { 10, 1 }, { 11, 1 }, { 12, 1 },
	};
	static const struct choice types[] = {
		{ 0, 3 }, { 43, 3 }, { 44, 2 }, { 60, 3 }, { 135, 3 }, { 51, 3 },
	};
	const size_t start = sheet->len;
	const uint16_t protocol = choose_protocol(rng);
	const unsigned int headers = CHOOSE(rng, counts);
	uint16_t type = headers > 0 ? CHOOSE(rng, types) : protocol;

	put(sheet, choose_version(rng, 6) << 4 | rng_below(rng, 16), 1);
	put_noise(rng, sheet, 5); /* with the payload length, patched below */
	put(sheet, type, 1);
	put_noise(rng, sheet, 33);
	for (unsigned int i = 1; i <= headers; i++) {
		const uint16_t next = i < headers ? CHOOSE(rng, types) : protocol;

		put_extension(rng, sheet, type, next);
		type = next;
	}
	put_body(rng, sheet, protocol);
	if (sheet->len >= start + 40)
		patch(sheet, start + 4, choose_length(rng, sheet->len - start - 40));
}

static void put_ip_or_noise(struct rng *rng, struct sheet *sheet)
{
	const uint32_t dice = rng_below(rng, 100);

	if (dice < 50)
		put_ipv4(rng, sheet);
	else if (dice < 95)
		put_ipv6(rng, sheet);
	else
		put_noise(rng, sheet, rng_below(rng, 80));
}

static void put_mpls(struct rng *rng, struct sheet *sheet)
{
	static const struct choice counts[] = {
		{ 0, 1 }, { 1, 8 }, { 2, 4 }, { 3, 3 }, { 4, 4 }, { 5, 3 }, { 6, 1 },
	};
	unsigned int labels = CHOOSE(rng, counts);

	for (; labels > 0; labels--) {
		const uint32_t bottom = labels == 1 ? 0x100 : 0;

		put(sheet, ((uint32_t)rng_next(rng) & ~0x100U) | bottom, 4);
	}
	put_ip_or_noise(rng, sheet);
}

static void put_pppoe(struct rng *rng, struct sheet *sheet)
{
	static const struct choice protocols[] = {
		{ 0x0021, 10 }, { 0x0057, 10 }, { 0xc021, 2 }, { 0x8021, 1 }, { 0x2100, 1 },
	};
	const uint16_t protocol = CHOOSE(rng, protocols);

	put(sheet, 0x1100, 2);
	put_noise(rng, sheet, 4); /* session and a length to be ignored */
	put(sheet, protocol, 2);
	if (protocol == 0x0057)
		put_ipv6(rng, sheet);
	else
		put_ipv4(rng, sheet);
}

static void put_ethernet(struct rng *rng, struct sheet *sheet)
{
	static const uint16_t tpids[] = { 0x8100, 0x88a8, 0x9100 };
	static const struct choice counts[] = {
		{ 0, 60 }, { 1, 18 }, { 2, 6 }, { 3, 4 }, { 4, 6 }, { 5, 4 }, { 6, 2 },
	};
	static const struct choice types[] = {
		{ 0x0800, 40 }, { 0x86dd, 36 }, { 0x0806, 3 }, { 0x8847, 4 }, { 0x8848, 3 },
		{ 0x8864, 6 },  { 0x8863, 1 },  { 0x88cc, 1 }, { 0x88e5, 1 }, { 0x9000, 1 },
		{ 0x05ff, 1 },  { 0x0600, 1 },  { 0x9200, 1 }, { 0x0026, 2 },
	};
	const unsigned int tags = CHOOSE(rng, counts);
	const uint16_t type = percent(rng, 2) ? (uint16_t)rng_next(rng) : CHOOSE(rng, types);

	put_noise(rng, sheet, 12);
	for (unsigned int i = 0; i < tags; i++) {
		put(sheet, tpids[rng_below(rng, ARRAY_LEN(tpids))], 2);
		put_noise(rng, sheet, 2);
	}
	put(sheet, type, 2);
	if (type == 0x86dd)
		put_ipv6(rng, sheet);
	else if (type == 0x8847 || type == 0x8848)
		put_mpls(rng, sheet);
	else if (type == 0x8864)
		put_pppoe(rng, sheet);
	else
		put_ipv4(rng, sheet); /* to be ignored behind a foreign type */
}

size_t generate_frame(struct rng *rng, uint8_t *buf, size_t cap, bool starts_at_l3)
{
	const size_t limit = rng_below(rng, 32) == 0 ? GENERATE_LONG_MAX : GENERATE_USUAL_MAX;
	const size_t least = starts_at_l3 ? 1 : ETHERNET_LEN;
	struct sheet sheet = { buf, 0, cap < limit ? cap : limit };

	if (starts_at_l3)
		put_ip_or_noise(rng, &sheet);
	else
		put_ethernet(rng, &sheet);
	if (!starts_at_l3 && sheet.len < ETHERNET_MIN && percent(rng, 60))
		put_noise(rng, &sheet, ETHERNET_MIN - sheet.len);
	if (percent(rng, 6))
		put_noise(rng, &sheet, 1 + rng_below(rng, 40));
	if (percent(rng, 6) && sheet.len > 0)
		sheet.len = rng_below(rng, (uint32_t)(sheet.len < 120 ? sheet.len : 120));
	if (sheet.len < least)
		put_noise(rng, &sheet, least - sheet.len);
	return sheet.len;
}

/* A place to damage: mostly in the headers, where it matters. n is the size of the damage. */
static size_t choose_place(struct rng *rng, size_t len, size_t n)
{
	const size_t places = len - n + 1;

	return rng_below(rng, (uint32_t)(places > 96 && percent(rng, 90) ? 96 : places));
}

static void swap_words(struct rng *rng, uint8_t *buf, size_t len)
{
	const size_t a = choose_place(rng, len, 2), b = choose_place(rng, len, 2);

	for (size_t i = 0; i < 2; i++) {
		const uint8_t byte = buf[a + i];

		buf[a + i] = buf[b + i];
		buf[b + i] = byte;
	}
}

size_t mutate_frame(struct rng *rng, uint8_t *buf, size_t len, size_t cap)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0x02, 0x2c, 0x33, 0x7f, 0x80, 0xff };
	struct sheet sheet = { buf, len, cap };

	for (uint32_t times = 1 + rng_below(rng, 4); times > 0; times--) {
		const uint32_t dice = rng_below(rng, 8);
		uint8_t *byte = &buf[choose_place(rng, sheet.len, 1)];

		if (dice == 0)
			sheet.len = 1 + rng_below(rng, (uint32_t)sheet.len);
		else if (dice == 1)
			put_noise(rng, &sheet, 1 + rng_below(rng, 64));
		else if (dice == 2 && sheet.len >= 2)
			swap_words(rng, buf, sheet.len);
		else if (dice == 3)
			*byte = bytes[rng_below(rng, ARRAY_LEN(bytes))];
		else if (dice == 4)
			*byte = (uint8_t)rng_below(rng, 256);
		else
			*byte ^= (uint8_t)(1U << rng_below(rng, 8));
	}
	return sheet.len;
}
