// SPDX-License-Identifier: GPL-2.0-only

/* What is kept of a process's capabilities, and what a message tells of those that are missing. */

#include "privileges_case.h"

#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>

static int drop_everything_else(void)
{
	const cap_value_t inherited = CAP_CHOWN;
	cap_t caps = cap_get_proc();

	DEMAND(!cap_set_flag(caps, CAP_INHERITABLE, 1, &inherited, CAP_SET) && !cap_set_proc(caps));
	cap_free(caps);
	cap_set_ambient(CAP_CHOWN, CAP_SET);
	DEMAND(!privileges_drop(NULL, NULL));
	DEMAND(!keeps_only(DOCUMENTED));
	DEMAND(setgroups(0, NULL) == -1 && errno == EPERM);
	DEMAND(!privileges_drop(NULL, NULL)); /* again */
	return keeps_only(DOCUMENTED);
}

static void test_privileges_drop(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(drop_everything_else), 0);
}

static int effective(void *ctx)
{
	*(uint64_t *)ctx = status_value("CapEff", 16);
	return -EDOM;
}

/* Nothing is in effect meanwhile, and afterwards what was; what can be taken up stays. */
static int try_without(void)
{
	uint64_t before = status_value("CapEff", 16), permitted = status_value("CapPrm", 16);
	uint64_t meanwhile = UINT64_MAX;

	DEMAND(privileges_without(effective, &meanwhile) == -EDOM);
	DEMAND(meanwhile == 0);
	DEMAND(status_value("CapEff", 16) == before && status_value("CapPrm", 16) == permitted);
	return 0;
}

/* Also of what is left after most was given up, and of nothing. */
static int try_without_again(void)
{
	DEMAND(!privileges_drop(NULL, NULL) && !try_without());
	DEMAND(status_value("CapEff", 16) == DOCUMENTED);
	DEMAND(!give_up_all());
	return try_without();
}

static void test_privileges_without(void **state)
{
	(void)state;
	assert_int_equal(in_child(try_without), 0);
	root_or_skip();
	assert_int_equal(in_child(try_without_again), 0);
}

static int drop_nothing(void)
{
	DEMAND(!give_up_all());
	DEMAND(!privileges_drop(NULL, NULL));
	DEMAND(status_value("CapEff", 16) == 0 && status_value("CapPrm", 16) == 0);
	DEMAND(status_value("NoNewPrivs", 10) == 1);
	return 0;
}

static void test_privileges_drop_without_any(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_nothing), 0);
}

/* Only those that there are: neither are others gained, nor is what is not there a failure. */
static int drop_with_one(void)
{
	const cap_value_t one = CAP_NET_ADMIN;
	cap_t caps = cap_init();

	DEMAND(!cap_set_flag(caps, CAP_PERMITTED, 1, &one, CAP_SET) && !cap_set_proc(caps));
	cap_free(caps);
	DEMAND(!privileges_drop(NULL, NULL));
	DEMAND(status_value("CapEff", 16) == BIT(CAP_NET_ADMIN));
	DEMAND(status_value("CapPrm", 16) == BIT(CAP_NET_ADMIN));
	return 0;
}

static void test_privileges_drop_with_one(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(drop_with_one), 0);
}

static int name_missing(void)
{
	char text[PRIVILEGES_TEXT_MAX], small[12];

	DEMAND(!give_up_all());
	DEMAND(privileges_missing(text, sizeof(text)) == 3);
	DEMAND(!strcmp(text, "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON"));
	DEMAND(privileges_missing(small, sizeof(small)) == 3);
	DEMAND(!strcmp(small, "CAP_BPF, CA"));
	DEMAND(strstr(privileges_hint(-EPERM),
		      "missing: CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON; run as root"));
	DEMAND(*privileges_hint(EACCES));
	DEMAND(!*privileges_hint(-EINVAL));
	DEMAND(!*privileges_hint(0));
	return 0;
}

static int name_nothing(void)
{
	char text[PRIVILEGES_TEXT_MAX];

	DEMAND(privileges_missing(text, sizeof(text)) == 0);
	DEMAND(!*text && !*privileges_hint(-EPERM));
	return 0;
}

static void test_privileges_missing(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(name_missing), 0);
	assert_int_equal(in_child(name_nothing), 0);
}

static bool is_member(gid_t gid)
{
	gid_t groups[64];
	int count = getgroups(64, groups);

	for (int i = 0; i < count; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

static int join_group(void)
{
	gid_t gid = 0;

	DEMAND(!setgroups(0, NULL));
	DEMAND(!privileges_group("4242", true, &gid) && gid == 4242 && is_member(4242));
	DEMAND(!privileges_group("4243", true, &gid) && gid == 4243 && is_member(4242));
	DEMAND(!privileges_group("root", true, &gid) && gid == 0);
	return 0;
}

/* One that the process is in already needs no right. */
static int join_without_right(void)
{
	const gid_t own = 4241;
	char text[256];
	gid_t gid = 0;

	DEMAND(!setgroups(1, &own) && !give_up_all());
	DEMAND(!privileges_group("4241", true, &gid) && gid == 4241);
	DEMAND(!privileges_group("root", true, &gid) && gid == 0);
	fixture_messages_begin();
	DEMAND(privileges_group("4242", false, &gid) == -EPERM && !is_member(4242));
	fixture_messages_end(text, sizeof(text));
	DEMAND(!strcmp(text, "option '--group': the pinned state cannot be given to group '4242' "
			     "(run as root, or as a member of that group): Operation not "
			     "permitted\n"));
	return 0;
}

/* Who may give files away need not be in the group, as long as that right lasts. */
static int give_without_joining(void)
{
	const cap_value_t one = CAP_CHOWN;
	cap_t caps = cap_init();
	gid_t gid = 0;

	DEMAND(!setgroups(0, NULL));
	DEMAND(!cap_set_flag(caps, CAP_PERMITTED, 1, &one, CAP_SET));
	DEMAND(!cap_set_flag(caps, CAP_EFFECTIVE, 1, &one, CAP_SET) && !cap_set_proc(caps));
	cap_free(caps);
	DEMAND(!privileges_group("4242", false, &gid) && gid == 4242 && !is_member(4242));
	DEMAND(privileges_group("4242", true, &gid) == -EPERM);
	return 0;
}

static void test_privileges_group(void **state)
{
	(void)state;
	root_or_skip();
	assert_int_equal(in_child(join_group), 0);
	assert_int_equal(in_child(join_without_right), 0);
	assert_int_equal(in_child(give_without_joining), 0);
}

static void test_privileges_group_unknown(void **state)
{
	static const char *const names[] = { "no such group", "", "-1", "4294967295", "1x" };
	char text[256], wanted[256];
	gid_t gid = 7;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		fixture_messages_begin();
		assert_int_equal(privileges_group(names[i], false, &gid), -EINVAL);
		fixture_messages_end(text, sizeof(text));
		snprintf(wanted, sizeof(wanted), "option '--group': no group '%s'\n", names[i]);
		assert_string_equal(text, wanted);
		assert_int_equal(gid, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
	cmocka_unit_test_prestate_setup_teardown(name, scratch_set_up, scratch_tear_down, &scratch)
		TEST(test_privileges_drop),
		TEST(test_privileges_without),
		TEST(test_privileges_drop_without_any),
		TEST(test_privileges_drop_with_one),
		TEST(test_privileges_missing),
		TEST(test_privileges_group),
		TEST(test_privileges_group_unknown),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
