import { type ITerraformDependable, TerraformStack } from 'cdktf';
import { NullProvider } from '@cdktf/provider-null/lib/provider';
import { Resource as NullResource } from '@cdktf/provider-null/lib/resource';
import { type Construct } from 'constructs';
import { builtFile, PlacedFile } from './package-file';
import { lazyHcl } from './terraform-text';

/** A `null_resource` that runs one step of this package's deploy script when what the step is given changes. */
export class DeployStep extends NullResource {
  /** @param input what the step reads from its environment; a change of it runs the step again */
  constructor(
    scope: Construct,
    id: string,
    step: 'apply' | 'check',
    private readonly input: Readonly<Record<string, string>>,
    after?: ITerraformDependable[],
  ) {
    super(scope, id, {
      dependsOn: after,
      triggers: { ...input },
      provisioners: [
        {
          type: 'local-exec',
          // The interpreter is Node itself and the step one argument: no shell reads anything that a person wrote.
          interpreter: ['node', '${path.module}/coder-scim/deploy-step.js'],
          command: step,
          environment: Object.fromEntries(Object.keys(input).map(key => [key, `\${self.triggers.${key}}`])),
        },
      ],
    });
    const stack = TerraformStack.of(scope);
    if (!stack.node.findAll().some(element => element instanceof NullProvider)) new NullProvider(stack, 'null');
    if (stack.node.tryFindChild('coder-scim-deploy-step') === undefined) {
      new PlacedFile(
        stack,
        'coder-scim-deploy-step',
        builtFile('provider/deploy-step.js'),
        'coder-scim/deploy-step.js',
      );
    }
  }

  /** For `cdktf synth --hcl`, whose writer takes texts as they are. */
  protected override synthesizeHclAttributes(): Record<string, unknown> {
    const value = Object.fromEntries(Object.entries(this.input).map(([name, text]) => [name, lazyHcl(text)]));
    return { triggers: { value, isBlock: false, type: 'map', storageClassType: 'stringMap' } };
  }
}
