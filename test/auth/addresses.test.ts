import { expect, test } from '@jest/globals';
import { addressKeyOf } from '../../src/core/admission.ts';

test.each([
  ['an IPv4 address', '192.0.2.7', '192.0.2.7'],
  ['an IPv4 address mapped to IPv6', '::ffff:192.0.2.7', '192.0.2.7'],
  ['an IPv6 address by its network', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['a shortened IPv6 address by its network', '2001:db8::6', '2001:db8:0:0::/64'],
  ['the loopback address of IPv6', '::1', '0:0:0:0::/64'],
  ['an address in other spelling', '2001:0DB8:0001:2::', '2001:db8:1:2::/64'],
  ['an unknown address', '', ''],
])('counts %s', (_, ip, key) => {
  expect(addressKeyOf(ip)).toBe(key);
});
